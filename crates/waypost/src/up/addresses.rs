//! Where to find everything.

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) webhook_url: String,
    /// Of the send API, without a path.
    pub(crate) send_url: String,
    /// Of the Graph API that messages go to.
    pub(crate) graph_url: String,
    /// Made for this run.
    pub(crate) send_key: Option<String>,
    /// Of events for browsers, without a path.
    pub(crate) realtime_url: String,
    /// Of the tokens for them, without a path.
    pub(crate) realtime_tokens_url: String,
    /// Made for this run.
    pub(crate) realtime_key: Option<String>,
    /// With the password.
    pub(crate) redis_url: String,
    /// With the password.
    pub(crate) database_url: String,
    /// One per service.
    pub(crate) admin_urls: Vec<String>,
    /// Of the admin plane and the dashboard, without a path.
    pub(crate) admin_url: String,
    /// The same for gRPC: host and port.
    pub(crate) admin_grpc: String,
    /// Made for this run.
    pub(crate) admin_token: Option<String>,
}

impl Addresses {
    /// A page of the admin plane, with what lets its reader in. What stands behind the # is not sent to any server; the page
    /// takes it away at once.
    pub(crate) fn page(&self, path: &str) -> String {
        let Self { admin_url, .. } = self;
        match &self.admin_token {
            Some(token) => format!("{admin_url}{path}#token={token}"),
            None => format!("{admin_url}{path}"),
        }
    }
}
