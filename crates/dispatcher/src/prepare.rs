//! The request: address, token, body with our id in it.

use bytes::{BufMut, Bytes, BytesMut};
use reqwest::Url;
use reqwest::header::HeaderValue;
use uuid::Uuid;
use waypost_model::Recipient;
use waypost_queue::Outgoing;
use waypost_settings::{ExposeSecret, SecretString};
use waypost_whatsapp::echo::callback;
use waypost_whatsapp::signature::appsecret_proof;

use crate::context::Context;

/// Before a token.
pub(crate) const BEARER: &str = "Bearer ";

/// A request that can be sent.
pub(crate) struct Prepared {
    pub(crate) url: Url,
    pub(crate) authorization: HeaderValue,
    pub(crate) body: Bytes,
}

/// Why it cannot: the number is to blame, not the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusable(pub(crate) &'static str);

pub(crate) fn prepare(context: &Context, outgoing: &Outgoing) -> Result<Prepared, Unusable> {
    let numbers = context.numbers.current();
    let number = numbers.get(&outgoing.phone_number_id);
    let token = number
        .and_then(|number| number.token.as_ref())
        .or(context.graph.api_token.as_ref())
        .ok_or(Unusable(
            "no token: give it one in numbers.file, or all of them whatsapp.api_token",
        ))?;
    let own = number.is_some_and(|number| number.token.is_some());
    let common = context.graph.app_secret.as_ref().filter(|_| !own);
    let secret = number
        .and_then(|number| number.app_secret.as_ref())
        .or(common);
    Ok(Prepared {
        url: url(context, &outgoing.phone_number_id, secret, token)?,
        authorization: authorization(token)?,
        body: body(outgoing),
    })
}

fn url(
    context: &Context,
    number: &str,
    secret: Option<&SecretString>,
    token: &SecretString,
) -> Result<Url, Unusable> {
    let graph = &context.graph;
    let address = format!("{}/{}/{number}/messages", graph.url, graph.version);
    let mut url = Url::parse(&address).map_err(|_| Unusable("its address is none"))?;
    if let Some(secret) = secret {
        url.query_pairs_mut()
            .append_pair("appsecret_proof", &appsecret_proof(secret, token));
    }
    Ok(url)
}

fn authorization(token: &SecretString) -> Result<HeaderValue, Unusable> {
    let mut value = HeaderValue::from_str(&format!("{BEARER}{}", token.expose_secret()))
        .map_err(|_| Unusable("its token has characters that no header can have"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts our id in. Meta echoes it with every status of a message; a mark as read is none.
fn body(outgoing: &Outgoing) -> Bytes {
    match outgoing.recipient {
        Recipient::Mark(_) => outgoing.body.clone(),
        _ => with_callback(&outgoing.body, outgoing.id),
    }
}

/// The body is a JSON object, so a member more goes in behind its brace.
fn with_callback(body: &[u8], id: Uuid) -> Bytes {
    let Some(brace) = body.iter().position(|byte| *byte == b'{') else {
        return Bytes::copy_from_slice(body);
    };
    let rest = &body[brace + 1..];
    let is_empty = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
    let mut whole = BytesMut::with_capacity(body.len() + 80);
    whole.put_slice(b"{\"biz_opaque_callback_data\":\"");
    whole.put_slice(callback(id).as_bytes());
    whole.put_slice(if is_empty { b"\"" } else { b"\"," });
    whole.put_slice(rest);
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_id_goes_in_and_the_rest_stays_as_it_is() {
        let id = Uuid::from_u128(7);
        let whole = with_callback(br#"{"to":"+1","text":{"body":"1.0"}}"#, id);
        let text = std::str::from_utf8(&whole).unwrap();
        assert_eq!(
            text,
            r#"{"biz_opaque_callback_data":"wp:00000000-0000-0000-0000-000000000007","to":"+1","text":{"body":"1.0"}}"#
        );
        let empty = with_callback(b"{ }", id);
        assert!(empty.ends_with(b"7\" }"), "{empty:?}");
    }
}
