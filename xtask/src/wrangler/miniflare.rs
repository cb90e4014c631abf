//! Miniflare's options, made from wrangler.toml: what wrangler would tell it, and several isolates beside.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Wrangler;

/// What wrangler.toml does not say.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Folder with `index.js` and `index_bg.wasm`.
    pub worker: &'a Path,
    /// Where KV and Durable Objects keep their state.
    pub state: &'a Path,
    /// One isolate for each, listening there directly.
    pub ports: &'a [u16],
    /// Values that replace [vars].
    pub overrides: &'a BTreeMap<String, String>,
}

/// The options as JSON for `xtask/js/miniflare.mjs`.
pub fn options(wrangler: &Wrangler, setting: &Setting<'_>) -> Value {
    let workers: Vec<Value> = setting
        .ports
        .iter()
        .enumerate()
        .map(|(index, port)| isolate(wrangler, setting, index, *port))
        .collect();
    json!({
        "defaultPersistRoot": setting.state,
        "kvPersist": setting.state.join("kv"),
        "durableObjectsPersist": setting.state.join("objects"),
        "cachePersist": setting.state.join("cache"),
        // Nothing is fetched from Cloudflare: a direct socket has no `request.cf` anyway.
        "cf": false,
        "workers": workers,
    })
}

/// One Worker of miniflare is one isolate. The first owns the Durable Objects, the others use the first's.
fn isolate(wrangler: &Wrangler, setting: &Setting<'_>, index: usize, port: u16) -> Value {
    let bindings = &wrangler.development;
    // As wrangler hands them over: a number stays a number.
    let mut variables = bindings.vars.clone();
    let overrides =
        setting.overrides.iter().map(|(name, value)| (name.clone(), toml::Value::from(value.clone())));
    variables.extend(overrides);
    let spaces: BTreeMap<&str, &str> =
        bindings.kv_namespaces.iter().map(|space| (space.binding.as_str(), space.id.as_str())).collect();
    let objects: Map<String, Value> = bindings
        .durable_objects
        .bindings
        .iter()
        .map(|object| {
            let mut value = json!({
                "className": object.class_name,
                "useSQLite": wrangler.uses_sqlite(&object.class_name),
            });
            if index > 0 {
                value["scriptName"] = json!(name(0));
            }
            (object.name.clone(), value)
        })
        .collect();
    json!({
        "name": name(index),
        "compatibilityDate": wrangler.compatibility_date,
        "compatibilityFlags": wrangler.compatibility_flags,
        "modulesRoot": setting.worker,
        "modules": [
            { "type": "ESModule", "path": setting.worker.join("index.js") },
            { "type": "CompiledWasm", "path": setting.worker.join("index_bg.wasm") },
        ],
        "bindings": variables,
        "kvNamespaces": spaces,
        "durableObjects": objects,
        "unsafeDirectSockets": [{ "host": "127.0.0.1", "port": port }],
    })
}

fn name(index: usize) -> String {
    format!("edge-{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(ports: &[u16]) -> Value {
        let wrangler: Wrangler = toml::from_str(
            "compatibility_date = \"2026-04-01\"\n\
             [vars]\nLOG_LEVEL = \"info\"\nORIGIN_TIMEOUT_MS = 5\n\
             [[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"one\"\n\
             [[durable_objects.bindings]]\nname = \"HUB\"\nclass_name = \"Hub\"\n\
             [[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Hub\"]\n",
        )
        .expect("well-formed");
        let overrides = BTreeMap::from([("LOG_LEVEL".to_owned(), "debug".to_owned())]);
        options(
            &wrangler,
            &Setting { worker: Path::new("/w"), state: Path::new("/d"), ports, overrides: &overrides },
        )
    }

    #[test]
    fn bindings_come_from_wrangler_toml_and_overrides_win() {
        let worker = &made(&[1])["workers"][0];
        assert_eq!(worker["bindings"], json!({ "LOG_LEVEL": "debug", "ORIGIN_TIMEOUT_MS": 5 }));
        assert_eq!(worker["kvNamespaces"], json!({ "CACHE": "one" }));
        assert_eq!(worker["durableObjects"], json!({ "HUB": { "className": "Hub", "useSQLite": true } }));
        assert_eq!(worker["unsafeDirectSockets"], json!([{ "host": "127.0.0.1", "port": 1 }]));
    }

    #[test]
    fn further_isolates_use_the_objects_of_the_first_and_the_same_kv() {
        let options = made(&[1, 2]);
        let second = &options["workers"][1];
        assert_eq!(second["durableObjects"]["HUB"]["scriptName"], "edge-0");
        assert_eq!(second["kvNamespaces"], options["workers"][0]["kvNamespaces"]);
        assert_eq!(second["unsafeDirectSockets"][0]["port"], 2);
    }
}
