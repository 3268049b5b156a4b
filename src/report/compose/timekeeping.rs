//! Composing the part of the report that says who keeps a host's clock, and what it stands on.

use crate::audit::Policy;
use crate::probe::Facts;
use crate::report::model;
use crate::report::quantity::Seconds;
use crate::timekeeper::{Cloud, Source, TimeService, Timekeeper};

pub(super) fn timekeeping(service: &TimeService, policy: &Policy) -> model::Timekeeping {
    model::Timekeeping {
        state: service.state(policy.warn).label().to_owned(),
        running: service.running.iter().copied().map(Timekeeper::label).map(str::to_owned).collect(),
        services: service
            .units
            .iter()
            .map(|unit| model::Service {
                name: unit.name.clone(),
                active: unit.is_active,
                enabled: unit.is_enabled,
                restarts: unit.restarts,
            })
            .collect(),
        sources: service.sources.as_ref().map(|sources| sources.iter().map(source).collect()),
        kernel_greatest_error_s: service.kernel.map(|kernel| Seconds(kernel.greatest_error)),
        last_update_age_s: service.age().map(Seconds),
    }
}

fn source(source: &Source) -> model::TimeSource {
    model::TimeSource {
        name: source.name.clone(),
        selection: source.selection.label().to_owned(),
        stratum: u32::from(source.stratum),
        reach: source.reach.map(u32::from),
        offset_s: source.offset.map(Seconds),
        error_s: source.error.map(Seconds),
    }
}

pub(super) fn platform(facts: &Facts, service: Option<&TimeService>) -> model::Platform {
    let fact = |key: &str| facts.get(key).map(str::to_owned);
    let os = match (facts.get("os.ID"), facts.get("os.VERSION_ID")) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, _) => name.map(str::to_owned),
    };
    let environment = service.map(|service| &service.environment);
    model::Platform {
        kernel: fact("kernel"),
        os,
        clocksource: fact("clocksource"),
        container: environment.and_then(|environment| environment.container.clone()),
        node: environment.and_then(|environment| environment.node.clone()),
        virtual_machine: environment.and_then(|environment| environment.virtual_machine.clone()),
        cloud: environment.and_then(|environment| environment.cloud).map(|cloud| Cloud::label(cloud).to_owned()),
    }
}
