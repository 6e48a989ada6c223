//! Pushing to the emulated registry.

use infra_oci::ImageResource;
use infra_plan::Value;
use infra_provider::{ErrorKind, Goal, Resource};

use crate::layout::Written;
use crate::world::{World, image, run};

fn resource() -> ImageResource {
    ImageResource::default()
}

#[test]
fn an_image_is_pushed_seen_and_deleted() {
    run(async {
        let world = World::new("{}").await;
        let layout = Written::new("one");
        let mut subject = image(&layout, "1.0");
        assert!(resource().observe(&world.context, &subject).await.unwrap().is_none());
        let created = resource().create(&world.context, &subject).await.unwrap();
        assert_eq!(created.id, "registry.digitalocean.com/hub-images/app:1.0");
        let pinned = format!("{}@{}", created.id, layout.digest);
        assert_eq!(created.outputs.text_at("pinned"), Some(pinned.as_str()));
        assert_eq!(created.outputs.text_at("reference"), Some(created.id.as_str()));
        assert!(world.shown().to_string().contains(&layout.digest), "{}", world.shown());
        let seen = resource().observe(&world.context, &subject).await.unwrap().unwrap();
        assert!(seen.ours);
        assert_eq!((&seen.fields, &seen.outputs), (&subject.inputs, &created.outputs));
        subject.id = Some(created.id);
        resource().delete(&world.context, &subject).await.unwrap();
        assert!(resource().observe(&world.context, &subject).await.unwrap().is_none());
        resource().delete(&world.context, &subject).await.unwrap();
        assert!(resource().wait(&world.context, &subject, Goal::Ready).await.is_err());
    });
}

#[test]
fn what_is_there_is_not_sent_again_and_a_change_moves_the_tag() {
    run(async {
        let world = World::new("{}").await;
        let (one, two) = (Written::new("one"), Written::new("two"));
        resource().create(&world.context, &image(&one, "1.0")).await.unwrap();
        let sent = world.requests("PUT").len();
        resource().create(&world.context, &image(&one, "1.0")).await.unwrap();
        assert_eq!(world.requests("PUT").len(), sent);
        let mut changed = image(&two, "1.0");
        let foreign = resource().observe(&world.context, &changed).await.unwrap().unwrap();
        assert!(!foreign.ours);
        let error = resource().create(&world.context, &changed).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::AlreadyExists);
        changed.id = Some(foreign.id);
        resource().update(&world.context, &changed, &[]).await.unwrap();
        // One layer and the manifest: the configuration is there already.
        assert_eq!(world.requests("PUT").len(), sent + 2);
        let seen = resource().observe(&world.context, &changed).await.unwrap().unwrap();
        assert_eq!(seen.fields.get("digest"), Some(&Value::from(two.digest.as_str())));
    });
}

#[test]
fn manifests_go_before_their_index_and_the_tag_comes_last() {
    run(async {
        let world = World::new("{}").await;
        let layout = Written::of_two_platforms();
        resource().create(&world.context, &image(&layout, "1.0")).await.unwrap();
        let paths = world.requests("PUT");
        let manifests: Vec<_> = paths.iter().filter(|path| path.contains("/manifests/")).collect();
        assert_eq!(manifests.len(), 3);
        assert!(manifests[2].ends_with("/manifests/1.0") && paths[5] == *manifests[2], "{paths:?}");
    });
}

#[test]
fn a_push_goes_on_after_faults_of_any_kind() {
    for fault in [
        "status: 503",
        "status: 429, headers: { retry-after: '40' }",
        "reset: true",
        "lose_reply: true",
    ] {
        let faults = format!(
            "rules: [{{ match: {{ service: registry, path: '/(manifests|blobs)/' }}, after: 1, times: 3, then: {{ {fault} }} }}]"
        );
        run(async move {
            let world = World::new(&faults).await;
            let layout = Written::of_two_platforms();
            resource().create(&world.context, &image(&layout, "1.0")).await.unwrap();
            let seen = resource().observe(&world.context, &image(&layout, "1.0")).await.unwrap();
            assert_eq!(seen.unwrap().fields.text_at("digest"), Some(layout.digest.as_str()));
        });
    }
}

#[test]
fn a_wish_to_wait_is_followed_in_world_time() {
    run(async {
        let faults = "rules: [{ match: { service: registry, method: PUT, path: /manifests/ }, times: 1, then: { status: 429, headers: { retry-after: '90' } } }]";
        let world = World::new(faults).await;
        let before = world.context.clock.now();
        let layout = Written::new("one");
        resource().create(&world.context, &image(&layout, "1.0")).await.unwrap();
        assert!(world.context.clock.now().since(before).as_secs() >= 90);
    });
}

#[test]
fn a_token_that_expires_in_mid_push_is_renewed_once() {
    run(async {
        let faults = "rules: [{ match: { service: registry, method: PUT, path: /manifests/ }, times: 1, then: { status: 401 } }]";
        let world = World::new(faults).await;
        let layout = Written::new("one");
        resource().create(&world.context, &image(&layout, "1.0")).await.unwrap();
        assert_eq!(*world.logins.lock().unwrap(), 2);
    });
}

#[test]
fn refusals_say_what_to_do() {
    run(async {
        let world = World::new("{}").await;
        let (one, two) = (Written::new("one"), Written::new("two"));
        let wrong = world.with_password(Some("canary-password"));
        let error = resource().create(&wrong, &image(&one, "1.0")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
        assert!(error.operation.contains("log in") && !error.next_steps.is_empty(), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"));
        let absent = world.with_password(None);
        let error = resource().create(&absent, &image(&one, "1.0")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(resource().observe(&absent, &image(&one, "1.0")).await.unwrap().is_none());
        resource().delete(&absent, &image(&one, "1.0")).await.unwrap();
        // The tier has room for one repository.
        resource().create(&world.context, &image(&one, "1.0")).await.unwrap();
        let mut other = image(&two, "1.0");
        if let Value::Map(inputs) = &mut other.inputs {
            inputs.insert("repository".into(), Value::from("second"));
        }
        let error = resource().create(&world.context, &other).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Quota);
        assert!(error.next_steps[0].to_string().contains("tier"), "{error:?}");
    });
}

#[test]
fn a_layout_that_changed_since_the_plan_or_is_damaged_is_not_pushed() {
    run(async {
        let world = World::new("{}").await;
        let mut layout = Written::new("one");
        let subject = image(&layout, "1.0");
        let other = layout.image("two");
        layout.index(&[other]);
        let error = resource().create(&world.context, &subject).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        let damaged = Written::new("one");
        std::fs::write(&damaged.layer, "two").unwrap();
        let error = resource().create(&world.context, &image(&damaged, "1.0")).await.unwrap_err();
        assert!(error.message.contains("digest"), "{error}");
        assert!(world.requests("PUT").iter().all(|path| !path.contains("/manifests/")));
    });
}

#[test]
fn a_registry_that_deletes_nothing_is_no_failure() {
    run(async {
        let faults =
            "rules: [{ match: { service: registry, method: DELETE }, then: { status: 405 } }]";
        let world = World::new(faults).await;
        let layout = Written::new("one");
        let mut subject = image(&layout, "1.0");
        subject.id = Some(resource().create(&world.context, &subject).await.unwrap().id);
        resource().delete(&world.context, &subject).await.unwrap();
    });
}

#[test]
fn a_cancelled_push_ends_at_once() {
    run(async {
        let faults = "rules: [{ match: { service: registry, method: PUT }, then: { hold: x } }]";
        let world = World::new(faults).await;
        let layout = Written::new("one");
        let (context, subject) = (world.context.clone(), image(&layout, "1.0"));
        let push = tokio::spawn(async move { resource().create(&context, &subject).await });
        while world.requests("PUT").is_empty() && world.requests("POST").is_empty() {
            tokio::task::yield_now().await;
        }
        world.context.cancel.cancel();
        let error = push.await.unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Cancelled);
    });
}
