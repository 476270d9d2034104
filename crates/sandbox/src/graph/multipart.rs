//! Just enough of `multipart/form-data` to take an upload.

use memchr::memmem;

/// One field of a form.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) content_type: Option<&'a str>,
    pub(super) value: &'a [u8],
}

/// The fields of a body; `None` when it is no form.
pub(super) fn fields<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Field<'a>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, "boundary")?;
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut fields = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(fields);
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let end = memmem::find(part, delimiter.as_bytes())?;
        fields.extend(field(&part[..end]));
        rest = &part[end + delimiter.len()..];
    }
}

fn field(part: &[u8]) -> Option<Field<'_>> {
    let end = memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..end]).ok()?;
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
    };
    let (_, parameters) = header("content-disposition")?.split_once(';')?;
    Some(Field {
        name: parameter(parameters, "name")?,
        content_type: header("content-type"),
        value: &part[end + 4..],
    })
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(key, value)| {
            (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"'))
        })
}

#[cfg(test)]
mod tests {
    use super::fields;

    const BODY: &[u8] =
        b"--xy\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n\
        --xy\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89PNG\r\n--x\r\n\r\n--xy--\r\n";

    #[test]
    fn reads_fields_and_files() {
        let fields = fields("multipart/form-data; boundary=xy", BODY).unwrap();
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["type", "file"]);
        assert_eq!(fields[0].value, b"image/png");
        assert_eq!(fields[1].value, b"\x89PNG\r\n--x\r\n");
        assert_eq!(fields[1].content_type, Some("image/png"));
    }

    #[test]
    fn what_is_no_form_is_none() {
        for (kind, body) in [
            ("application/json", BODY),
            ("multipart/form-data", BODY),
            ("multipart/form-data; boundary=other", BODY),
            ("multipart/form-data; boundary=xy", &BODY[..60]),
            ("multipart/form-data; boundary=xy", b""),
        ] {
            assert!(fields(kind, body).is_none(), "{kind}");
        }
    }
}
