use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use crate::error::{During, LocalError};

/// An account to run a server as when we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// Whom to run as: nobody else (`None`) for an ordinary user, an unprivileged account for root. `dir` is a folder
    /// that we made or may write to; who owns a file made in it tells who we are.
    pub(crate) fn for_server(what: &'static str, dir: &Path) -> Result<Option<Self>, LocalError> {
        let probe = tempfile::NamedTempFile::new_in(dir)
            .during(|| format!("write to {}", dir.display()))?;
        let uid = probe
            .as_file()
            .metadata()
            .during(|| format!("look at a file in {}", dir.display()))?
            .uid();
        if uid != 0 {
            return Ok(None);
        }
        let accounts =
            fs::read_to_string("/etc/passwd").during(|| "read /etc/passwd".to_owned())?;
        unprivileged(&accounts)
            .map(Some)
            .ok_or(LocalError::NoAccount { what })
    }

    /// Makes the account the owner of `path` and all in it.
    pub(crate) fn own(&self, path: &Path) -> Result<(), LocalError> {
        self.own_tree(path)
            .during(|| format!("give {} to user {}", path.display(), self.name))
    }

    fn own_tree(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))?;
        if !fs::symlink_metadata(path)?.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_symlink() {
                continue;
            }
            self.own_tree(&entry.path())?;
        }
        Ok(())
    }
}

/// `postgres` where the package made it, else `nobody`; never anybody with uid 0.
fn unprivileged(passwd: &str) -> Option<Account> {
    ["postgres", "nobody"].iter().find_map(|wanted| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| name == wanted)?;
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account {
                name: name.to_owned(),
                uid,
                gid,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_to_nobody_and_root_is_never_taken() {
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/x\npostgres:x:101:104:,,,:/var:/bin/bash\n";
        assert_eq!(
            unprivileged(passwd).unwrap(),
            Account {
                name: "postgres".into(),
                uid: 101,
                gid: 104
            }
        );
        assert_eq!(
            unprivileged("nobody:x:65534:65534::/:/x\n").unwrap().uid,
            65534
        );
        assert_eq!(unprivileged("postgres:x:0:0::/:/x\n"), None);
        assert_eq!(unprivileged("root:x:0:0::/root:/bin/sh\n"), None);
    }
}
