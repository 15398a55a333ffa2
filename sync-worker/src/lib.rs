//! The relay as a Cloudflare Worker: one Durable Object per notebook around [`protocol::relay`].
//!
//! It owns sockets, SQL and the clock, and no rule: what is let in, ordered, kept and refused is the
//! pure relay's business. It runs on Cloudflare and on a plain workerd alike.
#![forbid(unsafe_code)]

mod entropy;
mod object;
mod room;
mod route;
mod sockets;
mod sql;
mod storage;

use worker::{Context, Env, Method, Request, Response, Result, event};

use crate::route::Route;

/// The binding that names the Durable Objects.
const NOTEBOOKS: &str = "NOTEBOOK";

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return route::refusal(405, "the relay is asked with GET");
    }
    match Route::of(&request.path()) {
        Route::Health => route::health(&env),
        Route::Sync(notebook) => {
            let asks_for_socket =
                request.headers().get("Upgrade")?.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
            if !asks_for_socket {
                return route::refusal(426, "this address is for WebSockets");
            }
            env.durable_object(NOTEBOOKS)?.get_by_name(notebook.as_str())?.fetch_with_request(request).await
        }
        Route::NoNotebook => route::refusal(400, "a notebook's id is 32 hexadecimal digits"),
        Route::Nowhere => route::refusal(404, "there is nothing here; notebooks are at /sync/<id>"),
    }
}
