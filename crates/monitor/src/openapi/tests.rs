use super::*;

/// The copy for people.
const COPY: &str = include_str!("../../../../docs/openapi.json");

#[test]
fn the_copy_in_docs_is_the_same() {
    let copy: Value = serde_json::from_str(COPY).unwrap();
    assert!(
        copy == openapi(),
        "docs/openapi.json is not what the protos say any more: run `make docs-api`"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi();
    let text = document.to_string();
    let mut seen = 0;
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        let target = document.pointer(pointer);
        assert!(target.is_some_and(Value::is_object), "{pointer}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_way_has_an_operation_and_each_its_own_id() {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<&Value> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .collect();
    let ids: std::collections::BTreeSet<&str> = operations
        .iter()
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let ways: usize = METHODS.iter().map(|method| method.routes.len()).sum();
    assert_eq!(operations.len(), ways);
    assert_eq!(ids.len(), ways);
    for operation in operations {
        assert!(!operation["summary"].as_str().unwrap().is_empty());
        for status in ["200", "400", "401", "403", "429", "500", "503"] {
            assert!(operation["responses"].get(status).is_some(), "{status}");
        }
    }
}

#[test]
fn rules_are_in_it() {
    let document = openapi();
    let list = &document["paths"]["/v1/audit"]["get"]["parameters"];
    let named = |name: &str| {
        let parameters = list.as_array().unwrap().iter();
        let mut found = parameters.filter(|p| p["name"] == name);
        found.next().unwrap().clone()
    };
    assert_eq!(named("page_size")["schema"]["maximum"], json!(500));
    assert_eq!(named("since")["schema"]["format"], json!("date-time"));
    assert_eq!(named("actor")["schema"]["maxLength"], json!(64));
    let schemas = &document["components"]["schemas"];
    let limit = &schemas["SetLimitRequest"];
    assert_eq!(limit["properties"].as_object().unwrap().len(), 1);
    assert_eq!(
        limit["properties"]["limitPerSecond"]["minimum"],
        json!(0.01)
    );
    assert_eq!(limit["additionalProperties"], json!(false));
    let decide = &schemas["DecideRequest"];
    assert_eq!(decide["required"], json!(["decision", "phoneNumberId"]));
    let words = &decide["properties"]["decision"]["enum"];
    assert_eq!(*words, json!(["resend", "give_up"]));
    let replay = &schemas["ReplayRequest"]["anyOf"];
    assert_eq!(replay[0]["properties"]["ids"]["minItems"], json!(1));
    assert_eq!(replay[1]["required"], json!(["filter"]));
    let body = &document["paths"]["/v1/dead-letters:replay"]["post"]["requestBody"];
    assert_eq!(body["required"], json!(true));
    let stats = &schemas["QueueStats"]["required"];
    let required = stats.as_array().unwrap();
    assert!(required.contains(&json!("waiting")) && required.contains(&json!("consumers")));
    assert!(!required.contains(&json!("oldestAgeSeconds")) && !required.contains(&json!("paused")));
}

#[test]
fn a_call_to_be_confirmed_tells_its_plan_in_the_conflict() {
    let document = openapi();
    let clear = &document["paths"]["/api/queue-monitor/clear"]["delete"];
    let text = clear["responses"]["409"].to_string();
    assert!(text.contains("#/components/schemas/ClearPlan"), "{text}");
    let purge = &document["paths"]["/v1/dead-letters:purge"]["post"];
    let text = purge["responses"]["409"].to_string();
    assert!(text.contains("#/components/schemas/PurgePlan"), "{text}");
}
