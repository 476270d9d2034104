//! What a token is good for.

use toml::{Table, Value};
use waypost_rpc::v1::Role;
use waypost_runtime::keys::{Grant, KeyFault, Misfit, NewKey, new_key};

/// The words for the roles.
const ROLES: [(&str, Role); 3] = [
    ("viewer", Role::Viewer),
    ("operator", Role::Operator),
    ("admin", Role::Admin),
];

/// The member of a token's table that names the role.
const MEMBER: &str = "role";

/// The role that a token has; never the unspecified one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoleGrant(Role);

impl RoleGrant {
    pub(super) fn role(self) -> Role {
        self.0
    }
}

impl Grant for RoleGrant {
    const MEMBERS: &'static [&'static str] = &[MEMBER];

    fn read(table: &Table) -> Result<Self, Misfit> {
        let given = table.get(MEMBER).and_then(Value::as_str);
        ROLES
            .iter()
            .find(|(word, _)| Some(*word) == given)
            .map(|(_, role)| Self(*role))
            .ok_or(Misfit {
                member: MEMBER,
                want: "viewer, operator or admin",
            })
    }
}

/// The word for a role.
pub(crate) fn word(role: Role) -> &'static str {
    ROLES
        .iter()
        .find(|(_, known)| *known == role)
        .map_or("nobody", |(word, _)| word)
}

/// Makes a token of this name and role for the file that `monitor.tokens_file` names.
///
/// # Errors
/// When the name cannot be used, the role is none, or the system has no random bits.
pub fn new_token(name: &str, role: Role) -> Result<NewKey, KeyFault> {
    let grant = [(MEMBER.to_owned(), Value::from(word(role)))];
    new_key::<RoleGrant>(name, &Table::from_iter(grant))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use waypost_runtime::keys::KeyRing;
    use waypost_settings::ExposeSecret;

    use super::*;

    fn parse(text: &str) -> Result<KeyRing<RoleGrant>, String> {
        KeyRing::parse(Path::new("tokens.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_new_token_has_its_role() {
        for (word, role) in ROLES {
            let made = new_token("night", role).unwrap();
            assert!(made.table.contains(&format!("role = \"{word}\"\n")));
            let ring = parse(&made.table).unwrap();
            let key = ring.find(made.key.expose_secret().as_bytes()).unwrap();
            assert_eq!(key.grant.role(), role);
        }
        assert!(new_token("night", Role::Unspecified).is_err());
        assert!(new_token("a b", Role::Admin).is_err());
    }

    #[test]
    fn a_role_that_is_none_is_refused() {
        let made = new_token("night", Role::Viewer).unwrap();
        for role in ["", "root", "Admin", "ROLE_ADMIN", "nobody"] {
            let table = made.table.replace("viewer", role);
            let error = parse(&table).unwrap_err();
            assert!(error.contains("`night.role`: want viewer"), "{error}");
        }
        let number = made.table.replace("\"viewer\"", "3");
        assert!(parse(&number).is_err());
        // A key of the send API is no token.
        let numbers = made.table.replace("role = \"viewer\"", "numbers = [\"*\"]");
        assert!(parse(&numbers).unwrap_err().contains("want sha256, role"));
    }
}
