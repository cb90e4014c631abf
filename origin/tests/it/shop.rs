//! A shop's web server that misbehaves on request: the first segment of the path says how.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    /// Heads of the requests it got.
    requests: Arc<Mutex<Vec<String>>>,
    /// What `/json` says.
    price: Arc<Mutex<String>>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub(crate) async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let shop = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            price: Arc::new(Mutex::new("19399.03".to_owned())),
        };
        let (requests, price) = (Arc::clone(&shop.requests), Arc::clone(&shop.price));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, Arc::clone(&requests), Arc::clone(&price)));
            }
        });
        shop
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn sells_for(&self, price: &str) {
        price.clone_into(&mut self.price.lock().unwrap());
    }

    /// A source here, under the name that leads here.
    pub(crate) fn source(&self, name: &str, path: &str, rest: &str) -> String {
        let port = self.address.port();
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"http://shop.test:{port}/{path}\"\nconfidence = 0.95\n{rest}\n"
        )
    }

    /// One that reads JSON.
    pub(crate) fn json(&self, name: &str, path: &str) -> String {
        self.source(name, path, "kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = 2000")
    }

    /// One that reads a page.
    pub(crate) fn html(&self, name: &str, path: &str) -> String {
        self.source(name, path, "kind = \"http-html\"\nselector = \".price\"\ntimeout_ms = 2000")
    }
}

async fn answer(
    mut connection: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
    price: Arc<Mutex<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    requests.lock().unwrap().push(head.clone());
    let target = head.split(' ').nth(1).unwrap();
    let price = price.lock().unwrap().clone();
    let way = target.trim_start_matches('/').split(['/', '?']).next().unwrap();
    let (status, headers, body): (&str, &str, &[u8]) = match way {
        "json" => {
            ("200 OK", "content-type: application/json\r\n", &format!("{{\"p\":{price}}}").into_bytes())
        }
        "foreign" => ("200 OK", "", "{\"p\":\"1.999,00\"}".as_bytes()),
        "slow" => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            return Ok(());
        }
        "half" => ("200 OK", "content-length: 100\r\n", b"{\"p\":"),
        "broken" => ("500 Internal Server Error", "", b"{\"p\":5}"),
        "endless" => {
            connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"p\":\"").await?;
            loop {
                connection.write_all(&[b'1'; 8_192]).await?;
            }
        }
        "declared" => ("200 OK", "content-length: 4194305\r\n", b""),
        // Says UTF-8 and is not.
        "latin" => {
            ("200 OK", "content-type: text/html; charset=utf-8\r\n", b"<p class=price>Rs.\xa01\xa0999")
        }
        "page" => ("200 OK", "content-type: text/html\r\n", "<p class=price>₹1,99,999.00".as_bytes()),
        "tags" => ("200 OK", "", b"<<div <p class=\"price><b>1999</p>"),
        "rating" => ("200 OK", "", b"<p class=price>4.5"),
        "to" => {
            let to = target.split_once('?').map(|(_, to)| to.to_owned()).unwrap_or_default();
            ("302 Found", &format!("location: {to}\r\n"), b"")
        }
        "etag" if head.contains("if-none-match: \"v1\"") => ("304 Not Modified", "etag: \"v1\"\r\n", b""),
        "etag" => ("200 OK", "etag: \"v1\"\r\n", &format!("{{\"p\":{price}}}").into_bytes()),
        _ => ("404 Not Found", "", b""),
    };
    let close = if headers.contains("length") { "" } else { "connection: close\r\n" };
    connection.write_all(format!("HTTP/1.1 {status}\r\n{headers}{close}\r\n").as_bytes()).await?;
    connection.write_all(body).await
}
