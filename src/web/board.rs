//! A board for a class: who passes which exercise.
//!
//! `/` is the page, and a student's checker posts to `/report`. Reports may be lies: names,
//! numbers, sizes and rates have limits, and nothing in a report becomes markup. The
//! results are only as true as the reports.

mod standings;
mod html;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::time::timeout;

use self::standings::{Report, Standings};
use super::guard::Client;
use super::limits::{Account, Limits, Rates};
use super::listener::Listener;
use super::origin::{check_own, household};
use super::pool::Pool;
use super::problem::Problem;

/// The most bytes of a report.
const MAX_REPORT_LEN: usize = 1024;

/// The longest time for an answer, including the request's body.
const MAX_ANSWER: Duration = Duration::from_secs(10);

/// Reports a second that an address may make in the long run: a class behind one router ...
const REPORTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// ... and how many at once.
const REPORTS_AT_ONCE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// The policy of the page: its own style and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// A running board. Dropping it ends it.
pub struct Board(Listener);

struct Shared {
    standings: Mutex<Standings>,
    limits: Limits,
    reports: DefaultKeyedRateLimiter<IpAddr>,
}

impl Board {
    /// Serves a board for these exercises.
    ///
    /// # Errors
    /// The system's error, such as that the port is taken.
    pub fn open(
        address: SocketAddr,
        pool: Pool,
        exercises: &'static [&'static str],
    ) -> io::Result<Board> {
        let quota = Quota::per_second(REPORTS_PER_SECOND).allow_burst(REPORTS_AT_ONCE);
        let shared = Shared {
            standings: Mutex::new(Standings::new(exercises)),
            limits: Limits::new(Rates::default()),
            reports: RateLimiter::keyed(quota),
        };
        Listener::open("board", address, pool, router(Arc::new(shared))).map(Board)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/board.css", get(async || ([(header::CONTENT_TYPE, "text/css")], html::STYLE)))
        .route("/report", post(take))
        .fallback(async || Problem::not_found("the paths are / and /report"))
        .layer(DefaultBodyLimit::max(MAX_REPORT_LEN))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

async fn page(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Html<String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let standings = shared.standings.lock().unwrap_or_else(PoisonError::into_inner);
    Html(html::page(&standings, host))
}

async fn take(
    State(shared): State<Arc<Shared>>,
    Extension(Client(from)): Extension<Client>,
    report: Result<Json<Report>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let from = household(from.ip());
    if shared.reports.check_key(&from).is_err() {
        return Err(Problem::rate(1, "too many reports from this address: try again"));
    }
    // Forgets addresses that have not reported for a while.
    shared.reports.retain_recent();
    let Json(report) = report?;
    let mut standings = shared.standings.lock().unwrap_or_else(PoisonError::into_inner);
    standings.take(&report, from).map(|()| StatusCode::NO_CONTENT)
}

/// Lets in a request, or answers it with a problem, and sets headers that keep a browser
/// from misreading the answer.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&shared, &request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match timeout(MAX_ANSWER, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                let detail = "the request took too long";
                Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
            }
        },
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admit(shared: &Shared, request: &Request) -> Result<(), Problem> {
    let Client(from) = request.extensions().get().expect("the server puts it there");
    let own = check_own(request.headers());
    shared.limits.check(Account::new(from.ip(), own.is_err()), Instant::now())?;
    own
}
