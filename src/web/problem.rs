//! The answer to a request that fails (RFC 9457).

use std::fmt;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The content type of a problem.
pub(super) const CONTENT_TYPE: &str = "application/problem+json";

/// A problem, as an answer's body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The kind of problem, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:cairn:problem:not-found")]
    kind: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    #[schema(example = 404)]
    status: u16,
    /// What is wrong, and what would be right.
    #[schema(example = "no block 99: the tip is at height 12")]
    detail: String,
    /// For `Retry-After`, in seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, name: &str, detail: impl fmt::Display) -> Problem {
        Problem {
            kind: format!("urn:cairn:problem:{name}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail: detail.to_string(),
            retry_after: None,
        }
    }

    pub(super) fn bad_request(detail: impl fmt::Display) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    pub(super) fn not_found(detail: impl fmt::Display) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(super) fn busy(detail: impl fmt::Display) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
    }

    pub(super) fn stopped() -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the node has stopped")
    }

    /// Too many requests; the next one is answered after this many seconds.
    pub(super) fn rate(seconds: u64, detail: impl fmt::Display) -> Problem {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate", detail);
        Problem { retry_after: Some(seconds), ..problem }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are JSON")
    }
}

/// The beginning of what somebody has written, between quotes: a problem is not to be as long
/// as the question.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", format!("{text:.100}"))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("it was made from a status");
        let body = self.to_json();
        let kind = [(header::CONTENT_TYPE, CONTENT_TYPE)];
        let mut response = (status, kind, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        Problem::bad_request(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        Problem::bad_request(rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        let detail = rejection.body_text();
        match rejection.status() {
            status @ StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Problem::new(status, "media-type", detail)
            }
            status @ StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "too-large", detail),
            _ => Problem::bad_request(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_was_written_the_beginning_is_quoted() {
        assert_eq!(quoted("a\"b\u{202e}"), r#""a\"b\u{202e}""#);
        assert_eq!(quoted(&"x".repeat(4_000)).len(), 102);
    }
}
