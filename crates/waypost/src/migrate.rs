//! `waypost migrate`.

use std::path::Path;

use anyhow::Context;
use waypost_store::{Store, StoreSettings};

use crate::overlay::Overlay;
use crate::{cli, settings, terminal};

pub(crate) async fn command(arguments: &cli::Migrate, file: Option<&Path>) -> anyhow::Result<()> {
    let below = settings::load(file)?;
    let mut lookup = Overlay::over(&below);
    if let Some(url) = &arguments.database_url {
        lookup.set("postgres.url", url, "--database-url");
    }
    let store = Store::connect(&StoreSettings::from_lookup(&lookup)?).await?;
    let applied = store
        .migrate()
        .await
        .context("the database was not migrated")?;
    if applied.is_empty() {
        terminal::line("The database is up to date.");
    }
    for name in applied {
        terminal::line(&format!("applied {name}"));
    }
    Ok(())
}
