//! Lists that the monitor answers page by page.

use super::cli::Paging;
use super::fault::Fault;
use super::text::Look;

/// Fetches pages until there are as many as wished, or no more. Returns them and where to go on.
pub(crate) async fn collect<T>(
    paging: &Paging,
    most_of_a_page: u32,
    mut fetch: impl AsyncFnMut(u32, String) -> Result<(Vec<T>, String), Fault>,
) -> Result<(Vec<T>, String), Fault> {
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    let mut token = paging.after.clone();
    loop {
        let missing = u32::try_from(limit - items.len()).unwrap_or(u32::MAX);
        let (page, next) = fetch(missing.min(most_of_a_page), token).await?;
        items.extend(page);
        // A page may be short, even empty, and not be the last: the filter took little.
        if next.is_empty() || items.len() >= limit {
            return Ok((items, next));
        }
        token = next;
    }
}

/// What is to be said below a list that goes on.
pub(crate) fn more(token: &str, look: &Look) -> String {
    match token {
        "" => String::new(),
        token => format!(
            "{}\n",
            look.dim(&format!("There are more: --after {token}"))
        ),
    }
}
