//! Items that are valid JSON and cannot be handled. Each is different, so that each is a failure of its own.

use super::{Composed, Composer, Effect, Place};

impl Composer {
    /// A message that must end as one failed webhook and one dead letter, whatever stands beside it.
    pub fn poison(&mut self) -> Composed {
        let (id, text, at) = (self.wamid(), self.next_count(), self.now());
        let item = |id: &str, body: &str| {
            format!(
                r#"{{"id":{id},"from":"15551999996","timestamp":"{at}","type":"text","text":{{"body":"{body} {text}"}}}}"#
            )
        };
        let quoted = format!("\"{id}\"");
        let json = match self.dice.below(6) {
            0 => item(&quoted, r"nul \u0000"),
            1 => item(&quoted, r"half a pair \ud83d"),
            2 => item(&quoted, r"the other half \udc4d"),
            3 => item(&text.to_string(), "the id is a number"),
            4 => item("null", "there is no id"),
            _ => format!("\"no object {text}\""),
        };
        Composed {
            number: self.number(),
            place: Place::Messages,
            json,
            contact: None,
            effects: vec![Effect::Failed],
            repeats: false,
        }
    }

    /// A body that is signed well and cannot be read at all.
    pub fn malformed_body(&mut self) -> Vec<u8> {
        let id = self.wamid();
        let good = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messages":[{{"id":"{id}","type":"text"}}]}}}}]}}]}}"#
        );
        match self.dice.below(9) {
            0 => good.as_bytes()[..good.len() - 9].to_vec(),
            1 => good.replace("]}]}", "],}]}").into_bytes(),
            2 => format!("[{good}]").into_bytes(),
            3 => good.replace(r#""entry""#, r#""entries""#).into_bytes(),
            4 => [good.as_bytes(), good.as_bytes()].concat(),
            5 => good.replace(r#""text""#, "\"t\u{1}xt\"").into_bytes(),
            6 => good
                .bytes()
                .map(|byte| if byte == b'x' { 0xff } else { byte })
                .collect(),
            7 => good
                .bytes()
                .map(|byte| if byte == b'x' { 0 } else { byte })
                .collect(),
            _ => format!("hub.mode=subscribe&id={id}").into_bytes(),
        }
    }
}
