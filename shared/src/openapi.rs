//! Schemas of the values that write their JSON themselves: what [`crate::money`], [`crate::id`] and [`crate::time`] put
//! on the wire, said once for the `OpenAPI` document.

use crate::{
    id::{CorrelationId, ProductId},
    money::{Margin, Paise, Rupees},
    prices::Confidence,
    time::UnixMillis,
};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

macro_rules! schema {
    ($type:ty, $name:literal, $object:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $object.build().into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    };
}

fn of(kind: Type, text: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).description(Some(text))
}

schema!(
    Paise,
    "Paise",
    of(Type::Integer, "An amount in paise (1/100 rupee).")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
);
schema!(
    Rupees,
    "Rupees",
    of(Type::Number, "An amount in rupees with one or two decimals. `*_paise` beside it is exact.")
);
schema!(Margin, "Margin", of(Type::Number, "Percent, 0 to 90 with at most two decimals."));
schema!(Confidence, "Confidence", of(Type::Number, "How far a source is believed, 0 to 1."));
schema!(
    UnixMillis,
    "Time",
    of(Type::String, "RFC 3339 in UTC.").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
);
schema!(
    ProductId,
    "ProductId",
    of(Type::String, "1 to 50 of A-Z, a-z, 0-9, '.', '_' and '-'.").pattern(Some("^[A-Za-z0-9._-]{1,50}$"))
);
schema!(
    CorrelationId,
    "CorrelationId",
    of(Type::String, "Finds this request in the logs of edge and origin.")
        .pattern(Some("^[A-Za-z0-9._-]{8,64}$"))
);
