"""Search results, citations and images as the REST stream describes them."""

from typing import Any, Final

import msgspec

from grokdesk.simulator.answer import Cite, Page, Post, Search, SearchedImage

_CARD_KEYS: Final = {"web_search": "webSearch", "x_keyword_search": "xKeywordSearch"}
_NO_PAGE_DETAILS: Final = dict.fromkeys(
    (
        "searchEngineText",
        "description",
        "siteName",
        "metadataTitle",
        "creator",
        "image",
        "favicon",
        "citationId",
    ),
    "",
)


def search_card(search: Search) -> dict[str, Any]:
    return {
        "toolUsageCardId": search.call_id,
        _CARD_KEYS[search.tool]: {"args": {"query": search.query}},
    }


def search_markup(search: Search) -> str:
    args = msgspec.json.encode({"query": search.query}).decode()
    return (
        "<xai:tool_usage_card>"
        f"<xai:tool_usage_card_id>{search.call_id}</xai:tool_usage_card_id>"
        f"<xai:tool_name>{search.tool}</xai:tool_name>"
        f"<xai:tool_args><![CDATA[{args}]]></xai:tool_args>"
        "</xai:tool_usage_card>"
    )


def citation_card(cite: Cite) -> dict[str, Any]:
    return {
        "id": cite.card_id,
        "type": "render_inline_citation",
        "cardType": "citation_card",
        "url": cite.url,
    }


def citation_markup(cite: Cite) -> str:
    return (
        f'\n<grok:render card_id="{cite.card_id}" card_type="citation_card" '
        f'type="render_inline_citation"><argument name="citation_id">{cite.number}</argument>'
        "</grok:render>"
    )


def image_card(found: SearchedImage) -> dict[str, Any]:
    image = {
        "title": found.title,
        "thumbnail": found.thumbnail,
        "original": found.original,
        "link": found.link,
    }
    return {
        "id": found.card_id,
        "type": "render_searched_image",
        "cardType": "image_card",
        "image": image,
    }


def image_markup(found: SearchedImage) -> str:
    return (
        f'\n\n<grok:render card_id="{found.card_id}" card_type="image_card" '
        'type="render_searched_image"><argument name="size">SMALL</argument></grok:render>'
    )


def page(page: Page) -> dict[str, Any]:
    return {
        "url": page.url,
        "title": page.title,
        "preview": page.preview,
        **_NO_PAGE_DETAILS,
    }


def post(post: Post) -> dict[str, Any]:
    return {
        "postId": post.post_id,
        "username": post.username,
        "name": post.name,
        "text": post.text,
        "createTime": "2026-06-10T08:00:00Z",
        "profileImageUrl": "",
        "parentId": "",
        "quote": None,
    }
