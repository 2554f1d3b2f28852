//! All paths, and their description, which is generated from the code.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::{Content, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guard::guard;
use super::problem::{self, Problem};
use super::shared::Shared;
use super::{
    blocks, contacts, control, events, hear, login, messages, metadata, metrics, network, page,
    pages, reach, status,
};

/// The most bytes that a request's body may have.
const MAX_BODY_LEN: usize = 4 * 1024;

/// The head of the description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "A Cairn node",
        version = "2",
        description = "The state of a node of the toy network, and orders to it.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem))
)]
struct Description;

/// Everything in the description, with the answers that any request may get.
fn describe(mut api: utoipa::openapi::OpenApi) -> String {
    let items = api.paths.paths.values_mut();
    for operation in items.flat_map(|item| [&mut item.get, &mut item.post]).flatten() {
        for (status, description) in
            [("4XX", "A problem."), ("503", "The node is too busy, or has no place.")]
        {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            let response = ResponseBuilder::new().description(description);
            let response = response.content(problem::CONTENT_TYPE, content).build();
            operation.responses.responses.insert(status.into(), response.into());
        }
    }
    api.to_pretty_json().expect("strings and numbers are JSON")
}

fn documented() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(status::info))
        .routes(routes!(status::status))
        .routes(routes!(status::peers))
        .routes(routes!(status::health))
        .routes(routes!(blocks::block))
        .routes(routes!(blocks::metadata))
        .routes(routes!(pages::chain))
        .routes(routes!(pages::tree))
        .routes(routes!(events::events))
        .routes(routes!(events::messages))
        .routes(routes!(metrics::metrics))
        .routes(routes!(control::announce))
        .routes(routes!(control::disconnect))
        .routes(routes!(control::sync))
        .routes(routes!(control::mine))
        .routes(routes!(control::pause))
        .routes(routes!(control::resume))
        .routes(routes!(network::nodes, network::add))
        .routes(routes!(network::stop))
        .routes(routes!(network::start))
        .routes(routes!(network::links, network::set_links))
        .routes(routes!(network::pace, network::set_pace))
        .routes(routes!(network::audience))
        .merge(hear::routes())
        .merge(metadata::routes())
        .routes(routes!(login::challenge))
        .routes(routes!(login::open))
        .routes(routes!(contacts::add))
        .routes(routes!(contacts::remove))
        .routes(routes!(contacts::allow))
        .routes(routes!(contacts::block))
        .routes(routes!(contacts::discover))
        .routes(routes!(reach::reach))
        .routes(routes!(messages::send))
        .routes(routes!(messages::confirm))
}

/// The description of the API, as `/openapi.json` serves it.
pub fn openapi_json() -> String {
    describe(documented().into_openapi())
}

/// All paths of the server.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let (router, description) = documented().split_for_parts();
    let description = describe(description);
    let json = [(header::CONTENT_TYPE, "application/json")];
    router
        .route("/openapi.json", get(async move || (json, description)))
        .merge(page::router())
        .fallback(async || Problem::not_found("no such path: /openapi.json describes all"))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

async fn wrong_method() -> impl IntoResponse {
    let detail = "this path has another method: /openapi.json describes all";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail)
}
