//! Reads requests: path segments, queries and JSON bodies. Every fault is a [`Problem`] of ours.

mod body;
pub(super) mod fields;
mod page;
mod query;
mod signed;

pub(super) use body::read_json;
pub(crate) use body::read_whole;
pub(super) use fields::Fields;
pub(super) use page::{Limits, QueryReader, cut, number, read_page};
pub(super) use query::Query;
pub(crate) use signed::{Admin, Signed, Teller};

use crate::error::AppError;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use valora_shared::{
    id::ProductId,
    problem::{ErrorCode, Place, Problem},
};

/// The product id in the path.
#[derive(Debug)]
pub(crate) struct ProductInPath(pub(crate) ProductId);

/// Any other segment of the path.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let unreadable = |_| Problem::new(ErrorCode::BadRequest, "The path is not percent-encoded UTF-8.");
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(unreadable)?;
        Ok(Self(text))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProductInPath {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Segment(text) = Segment::from_request_parts(parts, state).await?;
        let invalid = |error: valora_shared::id::InvalidId| {
            Problem::invalid(Place::Path, "product_id", error.to_string())
        };
        Ok(Self(ProductId::parse(&text).map_err(invalid)?))
    }
}
