"""The tables as peewee sees them. They know no database: queries name theirs (`execute(sql)`)."""

from peewee import (
    AutoField,
    BlobField,
    BooleanField,
    CompositeKey,
    FloatField,
    IntegerField,
    Model,
    TextField,
)

SLICE = 1000
"""Values per statement: SQLite takes 32,766 at most."""


class MetaTable(Model):
    key = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


class AccountTable(Model):
    id = TextField(primary_key=True)
    label = TextField()
    fingerprint = TextField()
    token_hint = TextField()
    tier = IntegerField(null=True)
    tier_pinned = BooleanField()
    enabled = BooleanField()
    state = TextField()
    user_id = TextField()
    email = TextField()
    evidence = TextField(null=True)
    created_at = FloatField()
    probed_at = FloatField(null=True)
    demo = BooleanField()
    priority = IntegerField()
    note = TextField()
    max_in_flight = IntegerField(null=True)

    class Meta:
        table_name = "account"


class QuotaWindowTable(Model):
    account_id = TextField()
    mode = TextField()
    total = IntegerField()
    remaining = IntegerField()
    window_s = FloatField()
    resets_at = FloatField(null=True)
    provenance = TextField()
    measured_at = FloatField(null=True)

    class Meta:
        table_name = "quota_window"
        primary_key = CompositeKey("account_id", "mode")


class VaultIntentTable(Model):
    vault = TextField()
    account_id = TextField()

    class Meta:
        table_name = "vault_intent"
        primary_key = CompositeKey("vault", "account_id")


class SealedTokenTable(Model):
    account_id = TextField(primary_key=True)
    version = IntegerField()
    nonce = BlobField()
    ciphertext = BlobField()

    class Meta:
        table_name = "sealed_token"


class ApiKeyTable(Model):
    id = TextField(primary_key=True)
    name = TextField()
    digest = TextField()
    hint = TextField()
    created_at = FloatField()
    enabled = BooleanField()
    last_used_at = FloatField(null=True)
    expires_at = FloatField(null=True)
    models = TextField()
    aliases = TextField()
    requests_per_minute = IntegerField()
    requests_per_day = IntegerField()
    max_concurrent = IntegerField()
    reasoning_format = TextField()

    class Meta:
        table_name = "api_key"


class UsageTable(Model):
    id = AutoField()
    request_id = TextField()
    started_at = FloatField()
    route = TextField()
    model = TextField()
    key_id = TextField()
    account_id = TextField()
    outcome = TextField()
    first_chunk_s = FloatField(null=True)
    total_s = FloatField()
    prompt_tokens = IntegerField()
    completion_tokens = IntegerField()
    reasoning_tokens = IntegerField()
    attempts = IntegerField()
    streamed = BooleanField()

    class Meta:
        table_name = "usage"


class UsageHourTable(Model):
    hour = IntegerField()
    model = TextField()
    key_id = TextField()
    requests = IntegerField()
    failed = IntegerField()
    cancelled = IntegerField()
    prompt_tokens = IntegerField()
    completion_tokens = IntegerField()
    reasoning_tokens = IntegerField()
    total_s = FloatField()

    class Meta:
        table_name = "usage_hour"
        primary_key = CompositeKey("hour", "model", "key_id")


class ResponseTable(Model):
    id = TextField(primary_key=True)
    key_id = TextField()
    created_at = FloatField()
    previous_id = TextField()
    in_background = BooleanField()
    state = TextField()
    runs = IntegerField()
    heading = BlobField()
    input = BlobField()
    request = BlobField(null=True)
    answer = BlobField(null=True)

    class Meta:
        table_name = "response"
