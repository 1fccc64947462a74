//! The double itself: a server on loopback that is there as long as its handle is.

use std::fmt;
use std::io::Result;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::asked::Asked;
use crate::behaviour::{Behaviour, Giving};
use crate::cue::Cue;
use crate::serve::{Stage, serve};

/// A provider of models on loopback. Dropped, it is gone, and its connections with it.
pub struct Double {
    url: String,
    stage: Arc<Stage>,
    _tasks: JoinSet<()>,
}

impl Double {
    /// Starts one that behaves so.
    ///
    /// # Errors
    /// Loopback has no port left: let some go.
    pub async fn start(behaviour: impl Behaviour) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let stage = Arc::new(Stage::new(behaviour));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, stage.clone()));
        Ok(Self { url, stage, _tasks: tasks })
    }

    /// Starts one with a cue for each request, in order; asked once more, it answers 599.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn giving(cues: impl IntoIterator<Item = impl Into<Cue>>) -> Result<Self> {
        Self::start(Giving::of(cues)).await
    }

    /// Starts one that decides by this on each request.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn by(decides: impl FnMut(&Asked) -> Cue + Send + 'static) -> Result<Self> {
        Self::start(decides).await
    }

    /// Its base URL, to which each wire adds its path: `http://127.0.0.1:…/v1`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All that it was asked, in order, with the time of each.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.stage.asked()
    }

    /// Method and path of what was asked on no wire, and answered with 404.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        self.stage.strays()
    }

    /// Waits until it was asked so often.
    pub async fn asked_times(&self, times: usize) {
        // Its sender is the stage, which is here.
        let _ = self.stage.count().wait_for(|count| *count >= times).await;
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Double").field("url", &self.url).finish_non_exhaustive()
    }
}
