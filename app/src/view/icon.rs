//! The few drawings of the interface, as inline SVG that takes the text's colour.

use leptos::prelude::*;

/// Which drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Run,
    RunAll,
    Stop,
    Restart,
    Clear,
    Plus,
    Up,
    Down,
    Split,
    Merge,
    Trash,
    More,
    Theme,
    Text,
    Code,
    Pencil,
    Open,
    Share,
    People,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Run => "M5 3.2v9.6c0 .5.5.8.9.5l7.2-4.8a.6.6 0 0 0 0-1L5.900 2.700A.6.6 0 0 0 5 3.200z",
            Self::RunAll => "M2.500 3.500v9l6-4.500zM8.500 3.500v9l6-4.500z",
            Self::Stop => {
                "M4.600 3.600h6.800a1 1 0 0 1 1 1v6.800a1 1 0 0 1-1 1H4.600a1 1 0 0 1-1-1V4.600a1 1 0 0 1 1-1z"
            }
            Self::Restart => "M13 8a5 5 0 1 1-1.600-3.700M13 2.300v2.500h-2.500",
            Self::Clear => "M3 4.500h10M3 8h6M3 11.500h4M11 9.500l3 3M14 9.500l-3 3",
            Self::Plus => "M8 3.200v9.600M3.200 8h9.600",
            Self::Up => "M8 12.800V3.500M4 7.300l4-4 4 4",
            Self::Down => "M8 3.200v9.300M4 8.700l4 4 4-4",
            Self::Split => "M3 2.500h10v3.500H3zM3 10h10v3.500H3zM1.500 8h13",
            Self::Merge => "M3 2.500h10v11H3zM8 4.500v6M5.800 8.300 8 10.500l2.200-2.200",
            Self::Trash => {
                "M3 4.500h10M6.200 4.500V3h3.600v1.500M4.300 4.500l.5 8.500h6.400l.5-8.500M6.800 7v3.700M9.200 7v3.700"
            }
            Self::More => "M3.500 8h.01M8 8h.01M12.500 8h.01",
            Self::Theme => "M8 2.500a5.500 5.500 0 1 0 0 11zM8 2.500a5.500 5.500 0 0 1 0 11",
            Self::Text => "M3 4h10M3 7.300h10M3 10.600h6",
            Self::Code => "M5.700 4.500 2.200 8l3.500 3.500M10.300 4.500 13.800 8l-3.500 3.500",
            Self::Pencil => "M3 13l.7-2.900 7-7a1.200 1.200 0 0 1 1.700 0l.5.5a1.200 1.200 0 0 1 0 1.700l-7 7z",
            Self::Open => "M2.500 12.500v-9h4l1.500 1.800h5.500v7.200z",
            Self::Share => "M8 9.500V2.500M5 5.200l3-3 3 3M3.500 8.500v5h9v-5",
            Self::People => {
                "M6 7.700a2.400 2.400 0 1 0 0-4.800 2.400 2.400 0 0 0 0 4.800zM1.700 13.200c.4-2.300 2-3.500 4.300-3.500s3.900 1.200 4.300 3.500M10.800 3.200a2.300 2.300 0 0 1 0 4.200M12 10c1.300.4 2.100 1.500 2.400 3.200"
            }
        }
    }

    fn is_solid(self) -> bool {
        matches!(self, Self::Run | Self::RunAll | Self::Stop)
    }
}

/// Draws it; a screen reader passes over it, since the button carries the name.
#[component]
pub(crate) fn Glyph(icon: Icon) -> impl IntoView {
    let class = match icon {
        icon if icon.is_solid() => "icon solid",
        Icon::More => "icon dots",
        _ => "icon",
    };
    view! { <svg class=class viewBox="0 0 16 16" aria-hidden="true"><path d=icon.path()></path></svg> }
}

/// The product's sign: a tube with the trace of its beam, and its name.
#[component]
pub(crate) fn Mark(
    /// Whether the name stands beside the sign.
    named: bool,
) -> impl IntoView {
    view! {
        <a class="mark" href="./" aria-label="Cathode: all notebooks">
            <svg viewBox="0 0 24 24" aria-hidden="true">
                <rect class="tube" x="2.2" y="3.6" width="19.6" height="16.8" rx="5.2"></rect>
                <path class="beam" d="M5.800 12.600h3.400l1.700-4.300 2.600 7.400 1.700-3.100h3"></path>
            </svg>
            {named.then(|| view! { <span class="word">"Cathode"</span> })}
        </a>
    }
}
