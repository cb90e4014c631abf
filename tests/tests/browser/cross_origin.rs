//! Pages of other origins that call the API through the edge.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use valora_tests::running::Running;

use crate::driver::drive;
use crate::harness::Test;

/// The front ends that development allows.
const ALLOWED_PORTS: [u16; 3] = [5173, 3000, 8080];

pub(crate) fn trials() -> Vec<Test> {
    trials![a_storefront_reads_prices_and_headers_and_a_stranger_reads_nothing]
}

fn a_storefront_reads_prices_and_headers_and_a_stranger_reads_nothing() -> Result<()> {
    let system = Running::start(|options| options)?;
    let edge = system.edge_url(0);
    let page = |ports: &[u16]| -> Result<String> { Ok(format!("http://localhost:{}/", serve_page(ports)?)) };

    let seen = drive("allowed", &json!({ "url": page(&ALLOWED_PORTS)?, "edge": edge }))?;
    let (first, second, price) = (&seen["first"], &seen["second"], &seen["price"]);
    ensure!(first["status"] == 200 && first["cache"] == "MISS", "{seen:#}");
    ensure!(first["body"]["PRODUCTS_LIST"].as_array().map(Vec::len) == Some(26), "{seen:#}");
    ensure!(second["status"] == 200 && second["cache"] == "HIT" && second["age"].is_string(), "{seen:#}");
    ensure!(first["timing"].is_string() && second["timing"] == "edge;dur=0", "{seen:#}");
    ensure!(first["id"].is_string() && first["id"] != second["id"], "{seen:#}");
    // This one was preflighted: its content type and its correlation id are the page's own.
    ensure!(price["status"] == 200 && price["id"] == "from-the-browser", "{seen:#}");
    ensure!(price["body"]["DISPLAY_PRICE"] == 19_399.03, "{seen:#}");

    let seen = drive("stranger", &json!({ "url": page(&[0])?, "edge": edge }))?;
    for outcome in ["get", "hit", "post"] {
        ensure!(seen[outcome] == "TypeError", "the stranger got through: {seen:#}");
    }
    ensure!(seen["refusals"].to_string().contains("blocked by CORS policy"), "{seen:#}");
    Ok(())
}

/// Serves an empty page on the first of these ports that is free, until this program ends.
fn serve_page(ports: &[u16]) -> Result<u16> {
    let bind = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).ok();
    let listener =
        ports.iter().find_map(bind).with_context(|| format!("the ports {ports:?} are all busy"))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A browser's request fits; what it asks for does not matter.
            let _ = stream.read(&mut [0; 8192]);
            let page = "<!doctype html><title>A storefront</title><link rel=icon href=data:,>";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length";
            let _ = write!(stream, "{head}: {}\r\n\r\n{page}", page.len());
        }
    });
    Ok(port)
}
