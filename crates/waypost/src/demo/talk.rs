//! People who write to the business, and get answers: for whoever looks at the inbox.

use std::time::Duration;

use serde_json::json;
use tokio::time::interval;
use waypost_sandbox::Graph;

use super::outbound::{self, NUMBER};
use crate::up::Addresses;

/// From one message to the next: slow enough to be read.
const BETWEEN: Duration = Duration::from_secs(4);
/// How much of each talk is there from the beginning.
const BEGUN: usize = 2;

/// A person and what is said, the person first, then each in turn. Numbers are of the 555 exchange, which nobody has; the fake
/// Meta has a name for each.
struct Talk {
    phone: &'static str,
    said: [&'static str; 6],
}

const TALKS: [Talk; 6] = [
    Talk {
        // Ada Example
        phone: "15550100160",
        said: [
            "Hi, has my order 1042 left yet?",
            "Good morning Ada. It left our store today and arrives tomorrow.",
            "Great. Can it still go to another address?",
            "Until six this evening, yes. Where to?",
            "12 Garden Lane, the blue door 🚪",
            "Done. Have a nice day!",
        ],
    },
    Talk {
        // Björn Muster
        phone: "15550100173",
        said: [
            "Habt ihr am Samstag geöffnet?",
            "Ja, von 9 bis 16 Uhr.",
            "Und die grüne Lampe aus dem Fenster, ist die noch da?",
            "Zwei Stück. Sollen wir eine zurücklegen?",
            "Ja bitte, auf Muster. Ich komme gegen elf.",
            "Liegt bereit. Bis Samstag!",
        ],
    },
    Talk {
        // Chloé Exemple
        phone: "15550100114",
        said: [
            "Bonjour, la tasse est arrivée cassée 😢",
            "Bonjour Chloé, nous sommes désolés. Une nouvelle part dès ce soir.",
            "Merci ! Faut-il renvoyer l'ancienne ?",
            "Non, gardez-la ou jetez-la.",
            "Parfait, à bientôt.",
            "À bientôt, et merci de votre patience.",
        ],
    },
    Talk {
        // José Ejemplo
        phone: "15550100109",
        said: [
            "¿Tienen mesa para cuatro esta noche?",
            "Sí, a las ocho o a las nueve y media.",
            "A las ocho, por favor. ¡Es un cumpleaños! 🎂",
            "¡Enhorabuena! ¿Preparamos una tarta?",
            "De chocolate, si puede ser.",
            "Hecho. Les esperamos a las ocho.",
        ],
    },
    Talk {
        // Fatima 🌻
        phone: "15550100153",
        said: [
            "مرحبا، هل القميص متوفر بالمقاس الكبير؟",
            "نعم، بالأزرق والأبيض.",
            "أريد الأبيض من فضلك.",
            "تم. هل نرسله إلى العنوان نفسه؟",
            "نعم، شكرا 🙏",
            "شكرا لك، سيصل يوم الخميس.",
        ],
    },
    Talk {
        // Hana 例
        phone: "15550100143",
        said: [
            "予約を一日ずらせますか？",
            "はい、金曜日の午後三時が空いています。",
            "それでお願いします。",
            "変更しました。お待ちしております。",
            "駐車場はありますか？",
            "建物の裏に五台分ございます。",
        ],
    },
];

/// Talks for as long as somebody lets it.
pub(super) async fn go_on(addresses: &Addresses, graph: &Graph) -> anyhow::Result<()> {
    for step in 0..BEGUN {
        for talk in &TALKS {
            say(addresses, graph, talk, step).await?;
        }
    }
    let mut next = interval(BETWEEN);
    for step in BEGUN.. {
        for talk in &TALKS {
            next.tick().await;
            // One word less: a machine that has just woken up is no reason to take the page away from its reader.
            if let Err(error) = say(addresses, graph, talk, step).await {
                tracing::error!("{error:#}");
            }
        }
    }
    Ok(())
}

/// Says what comes at a step; after the last it begins anew.
async fn say(addresses: &Addresses, graph: &Graph, talk: &Talk, step: usize) -> anyhow::Result<()> {
    let step = step % talk.said.len();
    let text = talk.said[step];
    if step.is_multiple_of(2) {
        graph.inbound(talk.phone, NUMBER, text);
        return Ok(());
    }
    let message = json!({
        "from": NUMBER,
        "to": format!("+{}", talk.phone),
        "type": "text",
        "text": {"body": text},
    });
    outbound::call(addresses, "/v1/messages", &message).await?;
    Ok(())
}
