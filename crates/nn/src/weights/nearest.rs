//! The name that somebody may have meant.

/// The candidate with the fewest changed letters ([Levenshtein 1966]), if they are at most half of the name; the first of equals.
///
/// [Levenshtein 1966]: https://nymity.ch/sybilhunting/pdf/Levenshtein1966a.pdf
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count() / 2;
    let distances = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    distances.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= limit).map(|(_, name)| name)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_the_fewest_changes() {
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("abc", "abc")), (3, 3, 0));
        let names = ["model.layers.0.bias", "model.layers.0.weight", "model.layers.1.weight"];
        assert_eq!(nearest("layers.0.weight", names), Some("model.layers.0.weight"));
        assert_eq!(nearest("x", names), None);
        assert_eq!(nearest("x", []), None);
    }
}
