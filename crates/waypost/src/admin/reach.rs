//! Where the monitor is, and with which token: flags over the environment over what `waypost up` has left.

use std::path::Path;

use serde::Deserialize;
use waypost_settings::{ExposeSecret, SecretString};

use super::cli::Access;
use super::fault::Fault;

/// Where `waypost-monitor` listens unless told otherwise.
const DEFAULT: &str = "127.0.0.1:9400";

/// What `waypost up` writes, in the folder of its data.
const LEFT: &str = ".waypost/admin.json";

#[derive(Debug)]
pub(crate) struct Reach {
    /// With `http://` or `https://` before it.
    pub(crate) url: String,
    pub(crate) token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Left {
    admin_url: Option<String>,
    admin_grpc: String,
    #[serde(alias = "admin_token")]
    token: Option<String>,
}

impl Left {
    /// Host and port are of gRPC; whether there is TLS stands before those of HTTP.
    fn address(&self) -> String {
        let tls = self
            .admin_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
        match tls && !self.admin_grpc.contains("://") {
            true => format!("https://{}", self.admin_grpc),
            false => self.admin_grpc.clone(),
        }
    }
}

impl Reach {
    /// `variable` answers for the environment.
    pub(crate) fn find(
        access: &Access,
        variable: impl Fn(&str) -> Option<String>,
        folder: &Path,
    ) -> Result<Self, Fault> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let told = access.admin.clone().or_else(|| set("WAYPOST_ADMIN"));
        let left = left(folder)?;
        let address = told.as_deref().map(str::trim).map(url).transpose()?;
        let token = match (&access.token, &access.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(file)) => Some(read_token(file)?),
            (None, None) => match (set("WAYPOST_TOKEN"), set("WAYPOST_TOKEN_FILE")) {
                (Some(token), _) => Some(SecretString::from(token)),
                (None, Some(file)) => Some(read_token(Path::new(&file))?),
                (None, None) => None,
            },
        };
        let (left_url, left_token) = match left {
            Some(left) => (
                Some(url(&left.address())?),
                left.token.map(SecretString::from),
            ),
            None => (None, None),
        };
        // The token that was left is for the address that was left, and nobody else gets to see it.
        let same = address.is_none() || address == left_url;
        Ok(Self {
            token: token.or(left_token.filter(|_| same)),
            url: match address.or(left_url) {
                Some(url) => url,
                None => url(DEFAULT)?,
            },
        })
    }

    /// The address as people write it.
    pub(crate) fn address(&self) -> &str {
        let address = self.url.strip_prefix("http://");
        address.unwrap_or(&self.url)
    }
}

/// A full URL of what may be host and port alone.
fn url(address: &str) -> Result<String, Fault> {
    let url = match address.contains("://") {
        true => address.trim_end_matches('/').to_owned(),
        false => format!("http://{address}"),
    };
    let wrong = || {
        Fault::usage(format!(
            "--admin {address}: want HOST:PORT, http://HOST:PORT or https://HOST:PORT"
        ))
    };
    let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
    let plain = parsed.path() == "/" && parsed.query().is_none();
    let scheme = matches!(parsed.scheme_str(), Some("http" | "https"));
    // Without a port in plain text somebody forgot it; https has a usual one.
    let port = parsed.port_u16().is_some() || parsed.scheme_str() == Some("https");
    let login = parsed.authority().is_some_and(|a| a.as_str().contains('@'));
    if plain && scheme && port && !login {
        Ok(url)
    } else {
        Err(wrong())
    }
}

fn left(folder: &Path) -> Result<Option<Left>, Fault> {
    let path = folder.join(LEFT);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        // Not there, or not ours to read: as if it were not there.
        Err(_) => return Ok(None),
    };
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Fault::usage(format!(
            "{LEFT} cannot be read as what `waypost up` writes: remove it, or name the monitor with --admin"
        ))
    })
}

fn read_token(file: &Path) -> Result<SecretString, Fault> {
    let text = std::fs::read_to_string(file)
        .map(SecretString::from)
        .map_err(|error| Fault::usage(format!("the token file {}: {error}", file.display())))?;
    let token = text.expose_secret().lines().next().unwrap_or_default();
    match token.trim() {
        "" => Err(Fault::usage(format!(
            "the token file {} has nothing in its first line",
            file.display()
        ))),
        token => Ok(SecretString::from(token)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        access: Access,
    }

    fn find(flags: &[&str], variables: &[(&str, &str)], folder: &Path) -> Result<Reach, Fault> {
        let line = Line::parse_from([&["waypost"], flags].concat());
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        Reach::find(&line.access, variable, folder)
    }

    fn told(reach: &Reach) -> (&str, Option<&str>) {
        let token = reach.token.as_ref().map(ExposeSecret::expose_secret);
        (&reach.url, token)
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_what_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let none = find(&[], &[("WAYPOST_ADMIN", "")], folder.path()).unwrap();
        assert_eq!(told(&none), ("http://127.0.0.1:9400", None));

        std::fs::create_dir(folder.path().join(".waypost")).unwrap();
        let left = r#"{"admin_url": "http://127.0.0.1:7", "admin_grpc": "127.0.0.1:7", "admin_token": "left"}"#;
        std::fs::write(folder.path().join(LEFT), left).unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "  from-file \nmore\n").unwrap();
        let file = file.to_str().unwrap();
        let environment = [("WAYPOST_ADMIN", "h:1"), ("WAYPOST_TOKEN", "t")];
        for (flags, variables, url, token) in [
            (&[][..], &[][..], "http://127.0.0.1:7", Some("left")),
            (
                &["--admin", "127.0.0.1:7"],
                &[],
                "http://127.0.0.1:7",
                Some("left"),
            ),
            (&["--admin", "https://h"], &[], "https://h", None),
            (&[], &environment[1..], "http://127.0.0.1:7", Some("t")),
            (&[], &environment, "http://h:1", Some("t")),
            (
                &["--token-file", file],
                &environment,
                "http://h:1",
                Some("from-file"),
            ),
            (
                &["--admin", "http://[::1]:9/", "--token", "flag"],
                &environment,
                "http://[::1]:9",
                Some("flag"),
            ),
            (
                &[],
                &[("WAYPOST_TOKEN_FILE", file)],
                "http://127.0.0.1:7",
                Some("from-file"),
            ),
        ] {
            let reach = find(flags, variables, folder.path()).unwrap();
            assert_eq!(told(&reach), (url, token), "{flags:?} {variables:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for bad in [
            "nowhere",
            "ftp://h:1",
            "http://h:1/path",
            "http://u:p@h:1",
            "h:x",
        ] {
            let error = find(&["--admin", bad], &[], folder.path()).unwrap_err();
            assert!(error.to_string().contains("HOST:PORT"), "{bad}");
        }
    }
}
