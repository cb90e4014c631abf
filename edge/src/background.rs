//! Work that goes on whatever becomes of the request that began it. Each kind of future that is handed to JavaScript as
//! itself is two kilobytes of Worker; here all are of one kind.

use js_sys::Promise;
use std::{future::Future, pin::Pin};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// Begins it; the promise is fulfilled once it has ended.
pub fn begin(work: impl Future<Output = ()> + 'static) -> Promise {
    begin_boxed(Box::pin(work))
}

/// Begins it, and lets the runtime go on for as long as it takes.
pub fn wait_until(ctx: &worker::Context, work: impl Future<Output = ()> + 'static) {
    // It refuses only a request that is no more.
    let _ = ctx.as_ref().wait_until(&begin(work));
}

fn begin_boxed(work: Pin<Box<dyn Future<Output = ()>>>) -> Promise {
    future_to_promise(async move {
        work.await;
        Ok(JsValue::UNDEFINED)
    })
}
