//! `GET /errors/{Code}`: what the `type` of an error body leads to.

use super::{
    extract::Segment,
    reply::{Answer, json},
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use valora_shared::problem::{ErrorCode, Problem};

#[derive(Serialize, ToSchema)]
struct Explanation {
    error: &'static str,
    status: u16,
    title: &'static str,
    cause: &'static str,
    cure: &'static str,
    variables: &'static [&'static str],
}

/// For the `OpenAPI` document.
pub(crate) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((Explanation::name().into_owned(), Explanation::schema()));
    <Explanation as ToSchema>::schemas(all);
}

/// Explains one error.
pub(crate) async fn show(Segment(name): Segment) -> Answer {
    let unknown = || Problem::new(ErrorCode::RouteNotFound, "There is no error of this name.");
    let code = ErrorCode::parse(&name).ok_or_else(unknown)?;
    json(&Explanation {
        error: code.name(),
        status: code.status(),
        title: code.title(),
        cause: code.cause(),
        cure: code.cure(),
        variables: code.variables(),
    })
}
