"""Everything we know about grok.com's formats, as code that touches no socket.

Rules of this package:

1. Sans-I/O. Bytes and values in, bytes and values out: no asyncio, logging, clock or randomness.
   Whoever calls brings ids and times.
2. Decoders never raise for what upstream sent. They return `Chunk | UpstreamError` values; an error
   is always the last one. Parsers of small answers (quota, identity, upload) raise UpstreamError.
3. Unknown extra fields are ignored. A missing field that we need is a ProtocolChangedError that
   carries a redacted excerpt, so that a report of it is useful and safe.
4. A reply that was cut short is never reported as a success.
5. How the bytes were split on their way here changes nothing about the result.
6. No sample, no field: each has one in `tests/wire/samples` or in the test of its module.

What we rely on, where it lives, and when it was last confirmed:

| fact                                                           | module       | confirmed |
|----------------------------------------------------------------|--------------|-----------|
| hosts, paths, referers                                         | facts        | Aug 2026  |
| assets come from three hosts only                              | facts        | Aug 2026  |
| Chrome's user agent, client hints and TLS name agree           | browser      | Aug 2026  |
| order and content of XHR, socket and download headers          | headers      | Aug 2026  |
| cookies `sso`, `sso-rw`, `x-userid`, Cloudflare's four         | cookies      | Aug 2026  |
| one flat text per conversation, `[role]` headings              | payloads     | Aug 2026  |
| REST chat body with `modeId`                                   | payloads     | Jun 2026  |
| REST framing: lines, `data:` lines, objects without separators | framing      | Aug 2026  |
| REST frames; tags `final` and none are the answer              | rest_decoder | Aug 2026  |
| thinking: agents, steps                                        | thinking     | Jun 2026  |
| inline markup and cards                                        | markup, cards | Aug 2026 |
| picture cards: progress, moderation                            | pictures     | Aug 2026  |
| chat socket: client frames and server events                   | mgw_frames, mgw | Aug 2026 |
| refusals by status, form, marker and gRPC code                 | refusals     | Aug 2026  |
| quota per chat mode and media product (totals: quota.toml)     | limits       | Aug 2026  |
| weekly credits over gRPC-web                                   | weekly_credits | Aug 2026 |
| who a token belongs to                                         | identity     | Aug 2026  |
| multipart upload and its answer                                | uploads, multipart | Aug 2026 |
| base64 upload                                                  | uploads      | Jun 2026  |
"""
