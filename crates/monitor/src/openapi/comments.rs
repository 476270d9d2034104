//! What the protos say in their comments.

use prost_reflect::{EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor};
use prost_reflect::{MessageDescriptor, MethodDescriptor, ServiceDescriptor};

/// Something with a comment before it.
pub(super) trait Commented {
    /// The comment in one paragraph; empty where there is none.
    fn comment(&self) -> String;
}

macro_rules! commented {
    ($($type:ty),*) => {$(
        impl Commented for $type {
            fn comment(&self) -> String {
                before(&self.parent_file(), self.path())
            }
        }
    )*};
}

commented!(
    EnumDescriptor,
    EnumValueDescriptor,
    FieldDescriptor,
    MessageDescriptor,
    MethodDescriptor,
    ServiceDescriptor
);

/// The first sentence.
pub(super) fn first_sentence(comment: &str) -> &str {
    match comment.split_once(". ") {
        Some((first, _)) => first,
        None => comment.strip_suffix('.').unwrap_or(comment),
    }
}

fn before(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let places = info.into_iter().flat_map(|info| &info.location);
    let comment = places
        .filter(|place| place.path == path)
        .find_map(|place| place.leading_comments.as_deref());
    let lines = comment.unwrap_or_default().lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
