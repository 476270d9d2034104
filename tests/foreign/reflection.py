"""The admin plane as a client in Python sees it that has no file of ours: all it knows comes by reflection.

It expects what seed.py has sent.
"""

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

import ready
import seed

SECONDS = 10
SERVICES = ["QueueService", "NumberService", "DeadLetterService", "MessageService", "RealtimeService", "AuditService"]
HEALTH = "grpc.health.v1.Health"


class Client:
    """Calls any method of a server by its name, with requests given as dictionaries."""

    def __init__(self, channel: grpc.Channel, token: str | None = None):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)
        self.metadata = [("authorization", f"Bearer {token}")] if token is not None else []

    def method(self, name: str):
        service, _, method = name.rpartition(".")
        return self.pool.FindServiceByName(service).methods_by_name[method]

    def __call__(self, name: str, **request):
        return self.callable(name)(self.request(name, request), timeout=SECONDS, metadata=self.metadata)

    def callable(self, name: str):
        method = self.method(name)
        path = f"/{method.containing_service.full_name}/{method.name}"
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        answer = message_factory.GetMessageClass(method.output_type)
        return make(
            path,
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def request(self, name: str, members: dict):
        return json_format.ParseDict(members, message_factory.GetMessageClass(self.method(name).input_type)())

    def refusal(self, name: str, **request) -> grpc.RpcError:
        """The error of a call that must fail."""
        try:
            answer = self(name, **request)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"{name} was answered: {answer}")


def main():
    up = ready.from_arguments()
    with grpc.insecure_channel(up.admin_grpc) as channel:
        client = Client(channel, up.admin_token)
        everything_is_described(client)
        health_is_open(Client(channel))
        tokens_are_asked_for(channel, client)
        stats_are_right(client)
        streams_go_on(client)
        pages_are_walked(client)
        errors_have_details(client)
    print("reflection: all as it should be")


def everything_is_described(client: Client):
    """Every service that is listed can be described, with all types that its methods need."""
    services = client.database.get_services()
    for name in [f"waypost.v1.{service}" for service in SERVICES] + [HEALTH]:
        assert name in services, f"{name} is not among {services}"
    methods = 0
    for name in services:
        for method in client.pool.FindServiceByName(name).methods:
            message_factory.GetMessageClass(method.input_type)
            message_factory.GetMessageClass(method.output_type)
            methods += name.startswith("waypost.")
    assert methods >= 21, methods


def health_is_open(stranger: Client):
    assert stranger(f"{HEALTH}.Check").status == 1, "the server does not say SERVING"


def tokens_are_asked_for(channel: grpc.Channel, client: Client):
    for token, reason in [(None, "TOKEN_MISSING"), ("wrong", "TOKEN_UNKNOWN")]:
        refused = Client(channel, token).refusal("waypost.v1.QueueService.GetStats")
        assert refused.code() == grpc.StatusCode.UNAUTHENTICATED, refused
        assert detail(refused, error_details_pb2.ErrorInfo).reason == reason, refused
    client("waypost.v1.QueueService.GetStats")


def stats_are_right(client: Client):
    stats = client("waypost.v1.QueueService.GetStats", include_numbers=True, include_consumers=True)
    assert (stats.message.completed, stats.message.dead) == (seed.SENT, seed.DEAD), stats.message
    assert stats.webhook.consumer_count >= 1 and stats.webhook.consumers[0].id, stats.webhook
    assert stats.message.partitions, stats.message


def streams_go_on(client: Client):
    call = client("waypost.v1.QueueService.WatchStats", interval_seconds=0.2)
    reads = [next(call).stats.read_at.ToNanoseconds() for _ in range(3)]
    call.cancel()
    assert reads == sorted(set(reads)), reads


def pages_are_walked(client: Client):
    messages = walk(client, "MessageService.List", "messages", 10, direction="DIRECTION_OUT")
    assert len(messages) == seed.SENT + seed.DEAD, len(messages)
    ids = [message.id for message in messages]
    assert ids == sorted(set(ids), reverse=True), "not newest first, or one twice"
    # A page that is full to the last one must not promise another with nothing on it.
    assert len(walk(client, "MessageService.List", "messages", 15, direction="DIRECTION_OUT")) == 30

    letters = walk(client, "DeadLetterService.List", "dead_letters", 2, filter={"queue": "QUEUE_MESSAGE"})
    assert len({letter.id for letter in letters}) == len(letters) == seed.DEAD, letters
    times = [letter.dead_at.ToNanoseconds() for letter in letters]
    assert times == sorted(times), "not oldest first"
    for letter in letters:
        assert letter.last_error.error.code == seed.UNDELIVERABLE, letter
        one = client("waypost.v1.DeadLetterService.Get", id=letter.id)
        assert one.dead_letter.id == letter.id and one.errors, one

    numbers = walk(client, "NumberService.List", "numbers", 1)
    assert seed.NUMBER in [number.phone_number_id for number in numbers], numbers


def walk(client: Client, name: str, member: str, size: int, **request) -> list:
    """All elements of a list, page by page."""
    found, token = [], ""
    for _ in range(100):
        page = client(f"waypost.v1.{name}", page_size=size, page_token=token, **request)
        elements = list(getattr(page, member))
        assert len(elements) <= size, f"{len(elements)} on a page of {size}"
        found += elements
        token = page.next_page_token
        if not token:
            return found
    raise AssertionError(f"{name} has no last page")


def errors_have_details(client: Client):
    unknown = client.refusal("waypost.v1.MessageService.Get", id="01933b7e-5c00-7000-8000-000000000001")
    assert unknown.code() == grpc.StatusCode.NOT_FOUND, unknown

    wrong = client.refusal("waypost.v1.MessageService.Get", id="no uuid")
    assert wrong.code() == grpc.StatusCode.INVALID_ARGUMENT, wrong
    fields = [violation.field for violation in detail(wrong, error_details_pb2.BadRequest).field_violations]
    assert fields == ["id"], fields

    # The plan of a clear that was not confirmed is of a type that only reflection tells.
    held = client.refusal("waypost.v1.QueueService.Clear")
    assert held.code() == grpc.StatusCode.FAILED_PRECONDITION, held
    plan_type = client.pool.FindMessageTypeByName("waypost.v1.ClearPlan")
    plan = detail(held, message_factory.GetMessageClass(plan_type))
    assert plan.confirmation_token and plan.expires_at.seconds, plan
    done = client("waypost.v1.QueueService.Clear", confirmation_token=plan.confirmation_token)
    assert not done.dry_run, done


def detail(error: grpc.RpcError, kind):
    """The detail of that type that an error brought."""
    status = rpc_status.from_call(error)
    assert status is not None, f"no details: {error}"
    found = kind()
    assert any(any_.Unpack(found) for any_ in status.details), f"no {kind.DESCRIPTOR.full_name} in {status}"
    return found


if __name__ == "__main__":
    main()
