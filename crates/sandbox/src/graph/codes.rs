//! Meta's error codes with the HTTP status each comes with. (Meta: error codes, as of late 2025.)

/// What comes with a code.
pub(super) struct Known {
    pub(super) status: u16,
    pub(super) title: &'static str,
}

/// The codes of the table; `?` and `–` in it are taken as 400.
pub(super) fn known(code: u32) -> Option<Known> {
    let (status, title) = match code {
        0 => (401, "AuthException"),
        1 => (400, "API Unknown"),
        2 => (503, "API Service"),
        3 => (500, "API Method"),
        4 => (400, "API Too Many Calls"),
        10 => (403, "Permission Denied"),
        17 | 32 | 341 => (400, "Request limit reached"),
        613 => (429, "Calls to this API have exceeded the rate limit"),
        33 => (400, "Parameter value is not valid"),
        100 => (400, "Invalid parameter"),
        102 | 104 | 2500 => (400, "Session has been invalidated"),
        190 => (401, "Access token has expired"),
        200..=299 => (403, "API Permission"),
        368 => (403, "Temporarily blocked for policies violations"),
        506 => (400, "Duplicate post"),
        80_007 => (400, "Rate limit issues"),
        130_403 => (400, "Business blocked by user"),
        130_429 => (400, "Rate limit hit"),
        130_472 => (400, "User's number is part of an experiment"),
        130_497 => (
            403,
            "Business account is restricted from messaging users in this country",
        ),
        131_000 => (500, "Something went wrong"),
        131_005 => (403, "Access denied"),
        131_008 => (400, "Required parameter is missing"),
        131_009 => (400, "Parameter value is not valid"),
        131_016 => (500, "Service unavailable"),
        131_021 => (400, "Recipient cannot be sender"),
        131_026 => (400, "Message undeliverable"),
        131_030 => (400, "Recipient phone number not in allowed list"),
        131_031 => (403, "Account has been locked"),
        131_037 => (
            400,
            "WhatsApp provided number needs display name approval before message can be sent",
        ),
        131_042 => (400, "Business eligibility payment issue"),
        131_045 => (500, "Incorrect certificate"),
        131_047 => (400, "Re-engagement message"),
        131_048 => (400, "Spam rate limit hit"),
        131_049 => (400, "Meta chose not to deliver"),
        131_050 => (400, "User has stopped marketing messages"),
        131_051 => (400, "Unsupported message type"),
        131_052 => (400, "Media download error"),
        131_053 => (400, "Media upload error"),
        131_055 => (400, "Method not allowed"),
        131_056 => (
            400,
            "(Business Account, Consumer Account) pair rate limit hit",
        ),
        131_057 => (500, "Account in maintenance mode"),
        131_201..=131_207 | 131_209..=131_215 => (400, "Group operation failed"),
        131_208 => (429, "Group operation rate limit hit"),
        132_000 => (
            400,
            "Number of parameters does not match the expected number of params",
        ),
        132_001 => (404, "Template name does not exist in the translation"),
        132_005 => (400, "Translated text too long"),
        132_007 => (400, "Template format character policy violated"),
        132_008 | 132_012 => (400, "Template parameter format mismatch"),
        132_015 => (400, "Template is paused"),
        132_016 => (400, "Template is disabled"),
        132_018 => (400, "Template validation failed"),
        132_068 => (400, "Flow is in blocked state"),
        132_069 => (400, "Flow is in throttled state"),
        133_000 => (500, "Incomplete deregistration"),
        133_004 => (503, "Server temporarily unavailable"),
        133_005 | 133_006 | 133_008 | 133_009 => (400, "Two step verification"),
        133_010 => (400, "Phone number not registered"),
        133_015 => (
            400,
            "Please wait a few minutes before attempting to register this phone number",
        ),
        133_016 => (400, "Account register deregister rate limit exceeded"),
        134_102 => (500, "Template unavailable"),
        135_000 => (400, "Generic user error"),
        131_014
        | 131_020
        | 131_035
        | 131_041
        | 131_044
        | 131_059..=131_064
        | 134_011
        | 134_100
        | 134_101
        | 137_000
        | 138_000..=138_023
        | 139_000..=139_004
        | 139_100..=139_103
        | 147_001..=147_005
        | 1_752_041
        | 2_388_001..=2_388_299
        | 2_494_100
        | 2_593_079
        | 2_593_085
        | 2_593_107..=2_593_109 => (400, "Request failed"),
        _ => return None,
    };
    Some(Known { status, title })
}
