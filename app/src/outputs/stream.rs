//! Text of a stream: folded as a terminal would, drawn at most once a frame, bounded in the page
//! however much is printed. The whole text is read only when someone asks for it.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use notebook::{BlobRef, Content, ExecutionId, ExecutionStatus, StreamName};
use render::terminal::{Bounds, Terminal};
use send_wrapper::SendWrapper;

use super::missing::Missing;
use super::palette::themed;
use crate::session::Session;

/// A whole text above this size is offered as a download instead of being put into the page.
const SHOWN_WHOLE_BYTES: u64 = 8 << 20;
/// When drawing takes longer than this, the next one waits a while.
const SLOW_MILLIS: f64 = 5.0;
const SLOW_PAUSE_MILLIS: u32 = 120;
/// How long reading goes on before other tasks get their turn.
const SLICE_MILLIS: f64 = 8.0;

/// How far the text has been read: so many segments, and so many bytes of the one after them.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    segment: usize,
    bytes: usize,
}

/// What there is to read next.
enum Piece {
    Text(String),
    Blob(BlobRef),
    Nothing,
}

struct Drawing {
    terminal: Terminal,
    place: Place,
    /// Whether a round of reading and drawing is under way.
    busy: bool,
    /// Whether anything was drawn.
    begun: bool,
    head: usize,
    bounds: Bounds,
    /// Whether the text is to be read from its beginning.
    stale: bool,
}

/// Where a stream's text is and where it is drawn.
#[derive(Clone)]
struct Screen {
    session: Session,
    execution: ExecutionId,
    position: u32,
    head: NodeRef<html::Pre>,
    tail: NodeRef<html::Pre>,
    hidden: RwSignal<usize>,
    failure: RwSignal<Option<String>>,
    drawing: SendWrapper<Rc<RefCell<Drawing>>>,
}

/// Shows one stream output.
#[component]
pub(crate) fn Stream(
    session: Session,
    execution: ExecutionId,
    position: u32,
    name: StreamName,
    grown: ArcRwSignal<u64>,
) -> impl IntoView {
    let drawing = Drawing {
        terminal: Terminal::new(Bounds::default()),
        place: Place::default(),
        busy: false,
        begun: false,
        head: 0,
        bounds: Bounds::default(),
        stale: false,
    };
    let screen = Screen {
        session,
        execution,
        position,
        head: NodeRef::new(),
        tail: NodeRef::new(),
        hidden: RwSignal::new(0),
        failure: RwSignal::new(None),
        drawing: SendWrapper::new(Rc::new(RefCell::new(drawing))),
    };
    let (head, tail, hidden, failure) = (screen.head, screen.tail, screen.hidden, screen.failure);
    let growing = screen.clone();
    Effect::new(move |_| {
        grown.track();
        if head.get().is_some() && tail.get().is_some() {
            growing.clone().draw_soon();
        }
    });
    let unread = screen.clone();
    let again = Callback::new(move |()| {
        failure.set(None);
        unread.clone().read_again();
    });
    let class = if name == StreamName::Stderr { "terminal stderr" } else { "terminal" };
    let show_all = move |_| screen.clone().show_whole();
    view! {
        <div class="output" data-stream=name.as_str()>
            <pre class=class node_ref=head></pre>
            <Show when=move || { hidden.get() > 0 }>
                <p class="terminal-gap">
                    <button class="link" on:click=show_all.clone()>{move || format!("Show all ({} more lines)", hidden.get())}</button>
                </p>
            </Show>
            <pre class=class node_ref=tail></pre>
            {move || failure.get().map(|reason| view! { <Missing session reason again /> })}
        </div>
    }
}

impl Screen {
    /// Reads what is new and draws it, in the next frame.
    fn draw_soon(self) {
        if std::mem::replace(&mut self.drawing.borrow_mut().busy, true) {
            return;
        }
        // What comes first is drawn at once: a short output shall not wait for a frame.
        if self.is_fresh() && self.read_inline() {
            self.drawing.borrow_mut().busy = false;
            self.draw();
            return;
        }
        request_animation_frame(move || browser::spawn(self.round()));
    }

    async fn round(self) {
        let mut since = browser::clock::performance_now();
        loop {
            // A flood of output must not hold up the page: other tasks go in between.
            if browser::clock::performance_now() - since > SLICE_MILLIS {
                browser::timer::next_task().await;
                since = browser::clock::performance_now();
            }
            match self.next_piece() {
                Piece::Nothing => break,
                Piece::Text(text) => self.drawing.borrow_mut().terminal.append(&text),
                Piece::Blob(blob) => {
                    let read = self.session.read_blob(&blob).await;
                    let mut drawing = self.drawing.borrow_mut();
                    match read {
                        // It comes again.
                        _ if drawing.stale => {}
                        Ok(bytes) => drawing.terminal.append(&String::from_utf8_lossy(&bytes)),
                        Err(reason) => {
                            self.failure.try_set(Some(reason));
                        }
                    }
                }
            }
        }
        let began = browser::clock::performance_now();
        self.draw();
        if browser::clock::performance_now() - began > SLOW_MILLIS {
            browser::timer::after(SLOW_PAUSE_MILLIS).await;
        }
        self.drawing.borrow_mut().busy = false;
        if self.drawing.borrow().stale || !matches!(self.peek(), Piece::Nothing) {
            self.draw_soon();
        }
    }

    fn is_fresh(&self) -> bool {
        let place = self.drawing.borrow().place;
        place.segment == 0 && place.bytes == 0
    }

    /// Reads everything that is new, unless part of it lies in the blob table.
    fn read_inline(&self) -> bool {
        loop {
            match self.peek() {
                Piece::Nothing => return true,
                Piece::Blob(_) => return false,
                Piece::Text(text) => {
                    self.next_piece();
                    self.drawing.borrow_mut().terminal.append(&text);
                }
            }
        }
    }

    fn peek(&self) -> Piece {
        let mut place = self.drawing.borrow().place;
        self.piece_at(&mut place)
    }

    fn next_piece(&self) -> Piece {
        let mut drawing = self.drawing.borrow_mut();
        if std::mem::take(&mut drawing.stale) {
            drawing.terminal = Terminal::new(drawing.bounds);
            drawing.place = Place::default();
            drawing.head = 0;
        }
        let mut place = drawing.place;
        drop(drawing);
        let piece = self.piece_at(&mut place);
        self.drawing.borrow_mut().place = place;
        piece
    }

    fn piece_at(&self, place: &mut Place) -> Piece {
        let piece = self.session.read_stream(&self.execution, self.position, |segments| {
            loop {
                match segments.get(place.segment) {
                    None => return Piece::Nothing,
                    Some(Content::Blob(blob)) => {
                        place.segment += 1;
                        place.bytes = 0;
                        return Piece::Blob(blob.clone());
                    }
                    Some(Content::Inline(text)) => {
                        let rest = text.get(place.bytes..).unwrap_or_default();
                        if !rest.is_empty() {
                            place.bytes = text.len();
                            return Piece::Text(rest.to_owned());
                        }
                        // The last segment may still grow, so it is left only when another follows.
                        if segments.len() == place.segment + 1 {
                            return Piece::Nothing;
                        }
                        place.segment += 1;
                        place.bytes = 0;
                    }
                }
            }
        });
        piece.unwrap_or(Piece::Nothing)
    }

    fn draw(&self) {
        let view = self.drawing.borrow().terminal.view();
        let (Some(head), Some(tail)) =
            (self.head.try_get_untracked().flatten(), self.tail.try_get_untracked().flatten())
        else {
            return;
        };
        // To ask where it is scrolled to has the whole page laid out, and a page that opens draws many of these.
        let is_old = !std::mem::replace(&mut self.drawing.borrow_mut().begun, true) && self.is_completed();
        let scroller = (!is_old).then(|| tail.closest(".outputs-frame").ok().flatten()).flatten();
        let at_end = scroller.as_ref().is_some_and(|scroller| {
            scroller.scroll_top() > 0
                && scroller.scroll_top() + scroller.client_height() >= scroller.scroll_height() - 8
        });
        let mut drawing = self.drawing.borrow_mut();
        // The head only grows, so its length tells whether it changed.
        if drawing.head != view.head.len() {
            drawing.head = view.head.len();
            head.set_inner_html(&themed(&view.head));
        }
        tail.set_inner_html(&themed(&view.tail));
        head.set_hidden(view.head.is_empty());
        tail.set_hidden(view.tail.is_empty());
        if self.hidden.try_get_untracked().is_some_and(|known| known != view.hidden) {
            self.hidden.set(view.hidden);
        }
        if let (true, Some(scroller)) = (at_end, scroller) {
            scroller.set_scroll_top(scroller.scroll_height());
        }
    }

    fn is_completed(&self) -> bool {
        self.session.read(|notebook| {
            let status = notebook.execution(&self.execution).map(|execution| &execution.status);
            matches!(status, None | Some(ExecutionStatus::Completed(_)))
        })
    }

    /// Puts the whole text into the page, or offers it as a file when it is too large for that.
    fn show_whole(self) {
        let size = self.session.read_stream(&self.execution, self.position, |segments| {
            segments
                .iter()
                .map(|segment| match segment {
                    Content::Inline(text) => text.len() as u64,
                    Content::Blob(blob) => blob.size,
                })
                .sum::<u64>()
        });
        if size.unwrap_or(0) > SHOWN_WHOLE_BYTES {
            browser::spawn(self.download());
            return;
        }
        self.drawing.borrow_mut().bounds = Bounds::NONE;
        self.hidden.set(0);
        self.read_again();
    }

    /// Reads the text from its beginning.
    fn read_again(self) {
        self.drawing.borrow_mut().stale = true;
        self.draw_soon();
    }

    async fn download(self) {
        let segments =
            self.session.read_stream(&self.execution, self.position, <[Content<String>]>::to_vec).unwrap_or_default();
        let mut whole = String::new();
        for segment in &segments {
            match self.session.read_text(segment).await {
                Ok(text) => whole.push_str(&text),
                Err(reason) => {
                    self.failure.try_set(Some(reason));
                    return;
                }
            }
        }
        if let Err(error) = browser::page::download("output.txt", "text/plain", whole.as_bytes()) {
            self.failure.try_set(Some(error.to_string()));
        }
    }
}
