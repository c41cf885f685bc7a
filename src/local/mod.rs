//! The embedded AWS: one door, [`LocalCloud::handle`], behind which IAM, STS, Lambda, Step Functions and CloudWatch Logs are.

pub mod api;
pub mod lambda;
pub mod store;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// How to open the local cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that holds everything, e.g. `.stepstack`; made if missing.
    pub folder: PathBuf,
    /// Where to listen: `127.0.0.1:0` for an own port (functions need one to call home), `127.0.0.1:4566` for `local up`.
    pub listen: std::net::SocketAddr,
}

/// The embedded AWS, open. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct LocalCloud {
    // helper D
    _inner: Arc<()>,
}

impl LocalCloud {
    /// Answers one AWS API request.
    pub async fn handle(&self, _request: http::Request<Bytes>) -> http::Response<Bytes> {
        todo!("helper D")
    }
}
