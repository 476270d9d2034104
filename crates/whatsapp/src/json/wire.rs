//! Lenient reading: a member of the wrong type is as good as absent, and never an error.
//!
//! Meta adds types, fields and enum values several times a year, and its own examples contradict its tables (an int
//! here, a string there). So nothing that is optional may fail.

use super::Json;

/// A type that can be read from one JSON value; `None` when the value is of another type.
pub(crate) trait Wire<'a>: Sized {
    fn read(json: Json<'a>) -> Option<Self>;
}

/// A member of a typed view: an `Option` of what can be read, or a `Vec` of it.
pub(crate) trait Field<'a>: Default {
    fn fill(json: Json<'a>) -> Self;
}

impl<'a, T: Wire<'a>> Field<'a> for Option<T> {
    fn fill(json: Json<'a>) -> Self {
        T::read(json)
    }
}

/// Items that cannot be read are left out; something that is no array has no items.
impl<'a, T: Wire<'a>> Field<'a> for Vec<T> {
    fn fill(json: Json<'a>) -> Self {
        json.items()
            .into_iter()
            .flatten()
            .filter_map(T::read)
            .collect()
    }
}

/// An integer, or a string that holds one: Meta sends template ids, codes and expiries either way.
impl<'a> Wire<'a> for i64 {
    fn read(json: Json<'a>) -> Option<Self> {
        digits(json).parse().ok()
    }
}

/// A finite number, or a string that holds one.
impl<'a> Wire<'a> for f64 {
    fn read(json: Json<'a>) -> Option<Self> {
        digits(json)
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }
}

impl<'a> Wire<'a> for bool {
    fn read(json: Json<'a>) -> Option<Self> {
        match json.get() {
            "true" | "\"true\"" => Some(true),
            "false" | "\"false\"" => Some(false),
            _ => None,
        }
    }
}

impl<'a> Wire<'a> for Json<'a> {
    fn read(json: Json<'a>) -> Option<Self> {
        (!json.is_null()).then_some(json)
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for Box<T> {
    fn read(json: Json<'a>) -> Option<Self> {
        T::read(json).map(Box::new)
    }
}

fn digits<'a>(json: Json<'a>) -> &'a str {
    let text = json.get();
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text)
}

/// Declares a typed view of a JSON object: every member optional, unknown members passed over, the last of repeated
/// members taken. `= "name"` gives the wire name where it is not the field's.
macro_rules! object {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident $(<$lifetime:lifetime>)? {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty $(= $key:literal)? , )+
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name $(<$lifetime>)? {
            $( $(#[$field_meta])* pub $field: $type, )+
        }

        impl<'a> $crate::json::Wire<'a> for $name $(<$lifetime>)? {
            fn read(json: $crate::json::Json<'a>) -> Option<Self> {
                if !json.is_object() {
                    return None;
                }
                let mut read = Self::default();
                for (key, value) in json.members() {
                    $( if key == $crate::json::object!(@key $field $($key)?) {
                        read.$field = $crate::json::Field::fill(value);
                        continue;
                    } )+
                }
                Some(read)
            }
        }
    )+};
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}
pub(crate) use object;
