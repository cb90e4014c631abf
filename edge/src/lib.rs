//! Provisional Worker: only enough to prove the toolchain and the recovery after a panic.

use wasm_bindgen::prelude::*;
use worker as _;
use web_sys::{Request, Response};

/// Answers what needs no I/O; `None` sends the request to [`fetch`].
#[wasm_bindgen]
pub fn hit(request: &Request) -> Option<Response> {
    let url = request.url();
    #[cfg(feature = "fault-injection")]
    if url.contains("/__fault/panic-sync") {
        panic_on_purpose();
    }
    if url.ends_with("/hit") { Response::new_with_opt_str(Some("hit\n")).ok() } else { None }
}

/// Answers everything else.
#[wasm_bindgen]
pub async fn fetch(request: Request, _env: JsValue, _ctx: JsValue) -> Result<Response, JsValue> {
    let url = request.url();
    #[cfg(feature = "fault-injection")]
    {
        if url.contains("/__fault/panic-async") {
            pause(20).await;
            panic_on_purpose();
        }
        if url.contains("/__fault/trap-async") {
            pause(20).await;
            #[cfg(target_arch = "wasm32")]
            core::arch::wasm32::unreachable();
        }
        if url.contains("/__fault/overflow") {
            pause(20).await;
            return Response::new_with_opt_str(Some(&deep(1).to_string()));
        }
        if url.contains("/__fault/slow") {
            pause(500).await;
            pause(500).await;
            return Response::new_with_opt_str(Some("slow\n"));
        }
    }
    if url.ends_with("/api/health") {
        return Response::new_with_opt_str(Some("{\"status\":\"ok\"}\n"));
    }
    Response::new_with_opt_str(Some("miss\n"))
}

#[cfg(feature = "fault-injection")]
async fn pause(milliseconds: u64) {
    worker::Delay::from(std::time::Duration::from_millis(milliseconds)).await;
}

#[cfg(feature = "fault-injection")]
#[expect(clippy::panic, reason = "this is the fault that tests provoke")]
fn panic_on_purpose() {
    panic!("a fault provoked by a test");
}

#[cfg(feature = "fault-injection")]
#[expect(unconditional_recursion, reason = "a stack overflow is what is wanted")]
fn deep(n: u64) -> u64 {
    let a = std::hint::black_box([n; 64]);
    deep(a.iter().sum::<u64>()) + a[3]
}
