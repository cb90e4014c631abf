//! Listens until it is told to stop.

use crate::{app::AppState, events::Sender, router::router, scheduler::Scheduler};
use axum::serve::ListenerExt;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
};

/// Requests under way at SIGTERM have this long to end: Kubernetes kills after 30 s, and no answer takes longer
/// than the edge waits for it (`ORIGIN_TIMEOUT_MS`, 10 s).
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Giving back claims is one statement each.
const CLAIMS_TIME: Duration = Duration::from_secs(2);

/// Why it could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or is not this machine's.
    #[error("cannot listen on {address}: {cause}; is another valora-origin running? BIND_ADDRESS decides")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
    /// Accepting failed.
    #[error("cannot go on serving: {0}")]
    Io(#[from] io::Error),
}

/// Serves until SIGTERM or SIGINT, then lets the requests under way end.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(app: AppState) -> Result<(), ServeError> {
    let address = app.config.server.bind_address;
    let listener = TcpListener::bind(address).await.map_err(|cause| ServeError::Listen { address, cause })?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let listener = listener.tap_io(|connection| {
        // Small answers must not wait for more. A connection that refuses this still works.
        let _ = connection.set_nodelay(true);
    });
    let store = app.store.clone();
    let (stop_work, work_stopped) = watch::channel(false);
    let scheduler = tokio::spawn(Scheduler::new(app.clone()).run(work_stopped));
    // Not told to stop before the requests under way have ended: what they change is sent, too.
    let (stop_sender, sender_stopped) = watch::channel(false);
    let sender = tokio::spawn(Sender::new(app.clone()).run(sender_stopped));
    let (stop, stopped) = oneshot::channel::<()>();
    // The peer's address is what logins are counted by.
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        ended = &mut serving => return Ok(ended.map_err(io::Error::other)??),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new connections, the requests under way may end");
    let _ = stop.send(());
    let _ = stop_work.send(true);
    if tokio::time::timeout(DRAIN_TIME, &mut serving).await.is_err() {
        tracing::warn!(drain_seconds = DRAIN_TIME.as_secs(), "some requests did not end in time");
        serving.abort();
    }
    let _ = stop_sender.send(true);
    // They have nothing left to do but to give back their claims, which end by themselves.
    let _ = tokio::time::timeout(CLAIMS_TIME, async {
        let _ = scheduler.await;
        let _ = sender.await;
    })
    .await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}
