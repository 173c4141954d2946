//! JSON with one reading: an object that names a key twice is an error, where most readers keep one of the two and do not say which.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value, as far as the headers read here have any.
pub(crate) enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Text(String),
    /// A whole number that is not negative.
    Count(u64),
    /// Anything else: a fraction, a negative number, a truth value, null.
    Other(String),
}

impl Json {
    /// The value in these bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Json, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The entries, if it is an object.
    pub(crate) fn object(self) -> Option<Vec<(String, Json)>> {
        if let Json::Object(entries) = self { Some(entries) } else { None }
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<String> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    /// The numbers, if it is an array of whole ones from 0.
    pub(crate) fn counts(&self) -> Option<Vec<usize>> {
        let Json::Array(items) = self else { return None };
        let count = |item: &Json| if let Json::Count(count) = item { usize::try_from(*count).ok() } else { None };
        items.iter().map(count).collect()
    }
}

/// What it is, for a sentence that expected something else.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Object(_) => f.write_str("an object"),
            Json::Array(items) => {
                let items: Vec<String> = items.iter().take(8).map(Json::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Json::Text(text) => write!(f, "{text:?}"),
            Json::Count(count) => write!(f, "{count}"),
            Json::Other(text) => f.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format_args!("{key:?} occurs twice")));
            }
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, count: u64) -> Result<Json, E> {
        Ok(Json::Count(count))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Other(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Other(number.to_string()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Other(truth.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other("null".to_owned()))
    }
}
