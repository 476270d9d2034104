//! Type `location`.

use crate::json::object;
use crate::text::Text;

object! {
    /// A place.
    pub struct Location<'a> {
        /// Degrees north.
        pub latitude: Option<f64>,
        /// Degrees east.
        pub longitude: Option<f64>,
        /// Name of the place.
        pub name: Option<Text<'a>>,
        /// Its address.
        pub address: Option<Text<'a>>,
        /// Its page.
        pub url: Option<Text<'a>>,
    }
}
