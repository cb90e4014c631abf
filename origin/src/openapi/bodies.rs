//! Schemas of request bodies. Handlers read bodies field by field (`http::extract::Fields`), so that all faults are told
//! at once; there is no type to derive them from.

use super::operation::reference;
use crate::http::products::manage::{MAX_NAME, MAX_WORDS};
use serde_json::{Value, json};
use valora_shared::money::Paise;

/// No control characters.
const TEXT: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// The same, and not only spaces.
const MORE_THAN_SPACES: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const MAIL: &str = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@\
                    ([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

pub(super) fn new_product() -> Value {
    let mut fields = product_fields();
    fields["product_id"] = reference("ProductId");
    fields["last_known_paise"] = or_null(paise());
    json!({
        "type": "object", "additionalProperties": false, "required": ["product_id", "name"], "properties": fields,
        "examples": [{"product_id": "linen-blazer", "name": "Linen blazer", "category": "Outerwear", "margin_percent": 2.5}],
    })
}

pub(super) fn product_change() -> Value {
    let mut fields = product_fields();
    fields["is_active"] = json!({"type": "boolean"});
    json!({
        "type": "object", "additionalProperties": false, "minProperties": 1, "properties": fields,
        "examples": [{"margin_percent": "2.5", "floor_paise": 150_000, "pinned_paise": null}],
    })
}

pub(super) fn observation() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["source", "price_paise"],
        "properties": {
            "source": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,50}$"},
            "price_paise": paise(),
            "observed_at": or_null(json!({"type": "string", "format": "date-time",
                "description": "At most a minute in the future and PRICE_MAX_AGE_HOURS old; absent: now."})),
        },
        "examples": [{"source": "partner", "price_paise": 1_999_900}],
    })
}

pub(super) fn price_request() -> Value {
    json!({
        "type": "object", "required": ["product_id"],
        "properties": {"product_id": reference("ProductId"), "margin_percent": or_null(margin())},
        "examples": [{"product_id": "1"}, {"product_id": "1", "margin_percent": "2.25"}],
    })
}

pub(super) fn registration() -> Value {
    json!({
        "type": "object", "required": ["username", "email", "password"],
        "properties": {
            "username": {"type": "string", "pattern": "^[A-Za-z0-9_]{3,50}$"},
            "email": {"type": "string", "maxLength": 254, "pattern": MAIL},
            "password": {"type": "string", "minLength": 8, "maxLength": 1024},
        },
        "examples": [{"username": "asha", "email": "asha@shop.example", "password": "correct horse"}],
    })
}

pub(super) fn login() -> Value {
    json!({
        "type": "object", "required": ["username", "password"],
        "properties": {"username": {"type": "string"}, "password": {"type": "string"}},
        "examples": [{"username": "asha", "password": "correct horse"}],
    })
}

fn product_fields() -> Value {
    json!({
        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": MORE_THAN_SPACES},
        "brand": {"type": "string", "maxLength": MAX_WORDS, "pattern": TEXT},
        "model": or_null(json!({"type": "string", "minLength": 1, "maxLength": MAX_WORDS, "pattern": MORE_THAN_SPACES})),
        "category": {"type": "string", "maxLength": MAX_WORDS, "pattern": TEXT},
        "margin_percent": or_null(margin()),
        "floor_paise": or_null(paise()),
        "pinned_paise": or_null(paise()),
    })
}

fn paise() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": Paise::MAX_PRICE.0})
}

/// A number, or a text for those whose numbers are floats.
fn margin() -> Value {
    json!({"oneOf": [
        {"type": "number", "minimum": 0, "maximum": 90, "multipleOf": 0.01},
        {"type": "string", "pattern": r"^([0-8]?[0-9](\.[0-9]{1,2})?|90(\.0{1,2})?)$"},
    ]})
}

fn or_null(schema: Value) -> Value {
    json!({"oneOf": [schema, {"type": "null"}]})
}
