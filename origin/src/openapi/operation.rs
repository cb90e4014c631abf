//! What is said about one route.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One method of one path.
#[derive(Debug)]
pub(crate) struct Operation {
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    problems: Vec<(u16, &'static str)>,
}

/// What can become of any request: here, or at the edge in front of it.
const ALWAYS: [(u16, &str); 6] = [
    (400, "The request cannot be read."),
    (429, "The client has asked for more than it may."),
    (500, "Something failed on our side."),
    (502, "The edge does not reach the origin."),
    (503, "The database or the edge's settings do not allow an answer now."),
    (504, "The origin did not answer in time."),
];

impl Operation {
    pub(super) fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            problems: ALWAYS.to_vec(),
        }
    }

    /// Answers `status` with a schema of the components.
    pub(super) fn answers(self, status: u16, schema: &str) -> Self {
        let content = json!({"application/json": {"schema": reference(schema)}});
        self.answers_with(status, json!({"description": "Done.", "content": content}))
    }

    /// Answers `status` with any response.
    pub(super) fn answers_with(mut self, status: u16, response: Value) -> Self {
        self.answers.insert(status, response);
        self
    }

    /// A header on the answers so far.
    pub(super) fn header(mut self, name: &str) -> Self {
        for answer in self.answers.values_mut() {
            answer["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        self
    }

    /// Its answer may be kept and asked for again by its entity-tag.
    pub(super) fn kept_by_caches(self) -> Self {
        let about = "It is what If-None-Match names.";
        self.header("Cache-Control").answers_with(304, json!({"description": about})).header("ETag")
    }

    /// A segment of the path.
    pub(super) fn path(mut self, name: &str, schema: Value, example: impl Into<Value>) -> Self {
        let example: Value = example.into();
        let parameter =
            json!({"name": name, "in": "path", "required": true, "schema": schema, "example": example});
        self.parameters.push(parameter);
        self.faulty()
    }

    /// The product in the path.
    pub(super) fn product(self) -> Self {
        self.path("id", reference("ProductId"), "1").problem(404, "There is no such product.")
    }

    /// A parameter of the query that may be absent.
    pub(super) fn query(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter(name, about, schema, false).faulty()
    }

    /// A parameter of the query that every value is allowed for.
    pub(super) fn free_query(self, name: &str, about: &str) -> Self {
        self.parameter(name, about, json!({"type": "string"}), false)
    }

    /// A parameter of the query.
    pub(super) fn required_query(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter(name, about, schema, true).faulty()
    }

    /// `limit`, and a `cursor` that is a number.
    pub(super) fn page(self, default: usize, max: usize) -> Self {
        self.page_by("^[1-9][0-9]{0,17}$", default, max)
    }

    /// `limit`, and a `cursor` of this form.
    pub(super) fn page_by(self, cursor: &str, default: usize, max: usize) -> Self {
        let limit = json!({"type": "integer", "minimum": 1, "maximum": max, "default": default});
        self.query("limit", "How many at most.", limit).query(
            "cursor",
            "The `next_cursor` of the page before.",
            json!({"type": "string", "pattern": cursor}),
        )
    }

    /// A JSON body.
    pub(super) fn body(mut self, schema: Value) -> Self {
        let content = json!({"application/json": {"schema": schema}});
        self.body = Some(json!({"required": true, "content": content}));
        self.problem(408, "The body did not arrive in time.")
            .problem(413, "The body is too large.")
            .problem(415, "The body is not declared as JSON.")
            .faulty()
    }

    /// An error that it can end with.
    pub(super) fn problem(mut self, status: u16, about: &'static str) -> Self {
        self.problems.push((status, about));
        self
    }

    fn faulty(self) -> Self {
        self.problem(422, "A field, parameter or path segment is not valid; `errors` names each.")
    }

    fn parameter(mut self, name: &str, about: &str, schema: Value, required: bool) -> Self {
        let parameter = json!({"name": name, "in": "query", "description": about, "required": required, "schema": schema});
        self.parameters.push(parameter);
        self
    }

    /// The Operation Object. A `closed` route needs a credential.
    pub(super) fn into_json(mut self, closed: bool) -> Value {
        if closed {
            self.problems.push((401, "There is no valid credential."));
            self.problems.push((403, "The credential does not allow this."));
        }
        let mut responses = Map::new();
        for (status, mut answer) in self.answers {
            answer["headers"]["X-Correlation-ID"] = json!({"$ref": "#/components/headers/X-Correlation-ID"});
            for name in ["X-Cache", "RateLimit-Policy", "RateLimit"] {
                answer["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
            }
            responses.insert(status.to_string(), answer);
        }
        for (status, about) in self.problems {
            responses.insert(status.to_string(), problem(status, about));
        }
        let mut operation = json!({
            "operationId": self.id, "summary": self.summary, "parameters": self.parameters, "responses": responses,
        });
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        if closed {
            operation["security"] = json!([{"bearer": []}]);
        }
        operation
    }
}

/// To a schema of the components.
pub(super) fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn problem(status: u16, about: &str) -> Value {
    let mut headers = json!({"X-Correlation-ID": {"$ref": "#/components/headers/X-Correlation-ID"}});
    let more = match status {
        401 => Some("WWW-Authenticate"),
        429 | 502..=504 => Some("Retry-After"),
        _ => None,
    };
    if let Some(name) = more {
        headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
    let content = json!({"application/problem+json": {"schema": reference("Problem")}});
    json!({"description": about, "headers": headers, "content": content})
}
