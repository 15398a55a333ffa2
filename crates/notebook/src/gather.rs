//! Collecting into maps and sets.

/// Collects one after the other. `collect` sorts first, with code of its own for every type, and visitors download it.
pub fn gather<C: Default + Extend<T>, T>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}
