//! People: who uses this browser, what somebody is called, and the colour they are shown in.

use notebook::PersonId;
use protocol::peer::MAX_NAME;

const ID: &str = "cathode.person";
const NAME: &str = "cathode.name";

/// The colours people are shown in; the stylesheet has them for light and dark.
const COLOURS: [&str; 8] = [
    "var(--person-0)",
    "var(--person-1)",
    "var(--person-2)",
    "var(--person-3)",
    "var(--person-4)",
    "var(--person-5)",
    "var(--person-6)",
    "var(--person-7)",
];

/// What guests are called until they say something better.
const ANIMALS: [&str; 32] = [
    "Badger", "Bat", "Beaver", "Bison", "Crane", "Crow", "Deer", "Dolphin", "Falcon", "Finch", "Fox", "Gecko", "Hare",
    "Heron", "Ibex", "Jay", "Koala", "Lark", "Lemur", "Lynx", "Marten", "Moose", "Newt", "Otter", "Owl", "Panda",
    "Puffin", "Raven", "Seal", "Swift", "Tapir", "Wren",
];

/// Names this browser profile. Kept, so that a person's own events stay recognisable.
pub(crate) fn me() -> PersonId {
    if let Some(person) = kept(ID).and_then(|text| PersonId::parse(&text).ok()) {
        return person;
    }
    let person = PersonId::from_entropy(browser::entropy::bytes16());
    keep(ID, person.as_str());
    person
}

/// Returns what the person here calls themselves; empty when they never said.
pub(crate) fn own_name() -> String {
    kept(NAME).map(|name| tidy(&name)).unwrap_or_default()
}

/// Keeps what the person here calls themselves, and returns it as it is kept.
pub(crate) fn keep_own_name(name: &str) -> String {
    let name = tidy(name);
    keep(NAME, &name);
    name
}

/// Returns what somebody is called: by the name they gave, else as a guest.
pub(crate) fn called(person: &PersonId, name: &str) -> String {
    let name = tidy(name);
    if name.is_empty() { format!("Guest {}", ANIMALS[number(person) / COLOURS.len() % ANIMALS.len()]) } else { name }
}

/// Returns the colour somebody is shown in, as CSS has it.
pub(crate) fn colour(person: &PersonId) -> &'static str {
    COLOURS[number(person) % COLOURS.len()]
}

/// Returns one or two letters for a name; the stylesheet makes them capitals.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).collect()
}

fn tidy(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

/// Returns the same number for a person everywhere: FNV-1a of the id.
fn number(person: &PersonId) -> usize {
    let hash =
        person.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 8) as usize
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Where it cannot be kept, it holds for this page.
fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        storage.set_item(key, value).ok();
    }
}
