"""The one stylesheet. Widgets pick a look by the dynamic properties `kind` and `role`."""

from grokdesk.ui.tokens import Tokens


def stylesheet(tokens: Tokens, points: float) -> str:
    """`points` is the body size; everything else is a ratio of it."""
    parts = (_text, _surfaces, _buttons, _fields, _tables, _bars, _menus)
    return "\n".join(part(tokens, points) for part in parts)


def _text(tokens: Tokens, points: float) -> str:
    return f"""
    QLabel[role="caption"], ElidedLabel[role="caption"] {{
        color: {tokens.muted}; font-size: {points * 0.9:.2f}pt;
    }}
    QLabel[role="bad"] {{ color: {tokens.bad}; }}
    QLabel[role="muted"], ElidedLabel[role="muted"] {{ color: {tokens.muted}; }}
    QLabel[role="strong"] {{ font-weight: 600; }}
    QLabel[role="brand"] {{ font-size: {points * 1.3:.2f}pt; font-weight: 700; }}
    QLabel[role="section"] {{ font-size: {points * 1.1:.2f}pt; font-weight: 600; }}
    QLabel[role="title"] {{ font-size: {points * 1.6:.2f}pt; font-weight: 600; }}
    QLabel[role="figure"] {{ font-size: {points * 1.95:.2f}pt; font-weight: 600; }}
    """


def _surfaces(tokens: Tokens, points: float) -> str:  # noqa: ARG001 - same shape as its siblings
    return f"""
    QFrame[kind="card"] {{
        background: {tokens.surface}; border: 1px solid {tokens.line}; border-radius: 12px;
    }}
    QFrame[kind="well"] {{
        background: {tokens.window}; border: 1px solid {tokens.line}; border-radius: 8px;
    }}
    QFrame[kind="bubble"] {{
        background: {tokens.raised}; border: none; border-radius: 12px;
    }}
    QFrame[kind="composer"] {{
        background: {tokens.surface}; border: 1px solid {tokens.outline}; border-radius: 12px;
    }}
    QFrame[kind="composer"][active="true"] {{ border: 1px solid {tokens.accent}; }}
    QFrame[kind="drop"] {{
        background: {tokens.surface}; border: 1px dashed {tokens.outline}; border-radius: 12px;
    }}
    QFrame[kind="drop"][focused="true"] {{ border: 1px dashed {tokens.accent}; }}
    QFrame[kind="drop"][active="true"] {{
        background: {tokens.raised}; border: 2px dashed {tokens.accent};
    }}
    QFrame[kind="rule"] {{ background: {tokens.line}; border: none; }}
    QFrame[kind="sidebar"] {{
        background: {tokens.sidebar}; border: none; border-right: 1px solid {tokens.line};
    }}
    QFrame[kind="banner"] {{
        background: {tokens.raised}; border: none; border-bottom: 1px solid {tokens.line};
    }}
    QFrame[kind="info"] {{
        background: {tokens.raised}; border: 1px solid {tokens.line}; border-radius: 8px;
    }}
    QFrame[kind="info"][tone="bad"] {{ border: 1px solid {tokens.bad}; }}
    QFrame[kind="info"][tone="warn"] {{ border: 1px solid {tokens.warn}; }}
    QFrame[kind="info"][tone="ok"] {{ border: 1px solid {tokens.ok}; }}
    QScrollArea, QScrollArea > QWidget > QWidget[role="canvas"] {{
        background: transparent; border: none;
    }}
    QScrollArea[kind="transcript"] {{ border: 2px solid transparent; border-radius: 8px; }}
    QScrollArea[kind="transcript"]:focus {{ border: 2px solid {tokens.accent}; }}
    """


def _buttons(tokens: Tokens, points: float) -> str:
    rules = (
        _plain_buttons(tokens),
        _weighted_buttons(tokens),
        _icon_buttons(tokens),
        _navigation_buttons(tokens),
        _buttons_amid_text(tokens, points),
    )
    return "".join(rules)


def _plain_buttons(tokens: Tokens) -> str:
    return f"""
    QPushButton {{
        background: {tokens.control}; color: {tokens.text};
        border: 1px solid {tokens.line}; border-radius: 8px;
        padding: 6px 14px; min-height: 18px; font-weight: 500;
    }}
    QPushButton:hover {{ border: 1px solid {tokens.outline}; }}
    QPushButton:pressed {{ background: {tokens.line}; }}
    QPushButton:focus {{ border: 2px solid {tokens.accent}; padding: 5px 13px; }}
    QPushButton:disabled {{
        color: {tokens.outline}; border: 1px solid {tokens.line}; background: transparent;
    }}"""


def _weighted_buttons(tokens: Tokens) -> str:
    return f"""
    QPushButton[kind="primary"] {{
        background: {tokens.accent_fill}; color: {tokens.on_accent};
        border: 1px solid {tokens.accent_fill}; font-weight: 600;
    }}
    QPushButton[kind="primary"]:hover {{ border: 1px solid {tokens.accent}; }}
    QPushButton[kind="primary"]:focus {{ border: 2px solid {tokens.text}; }}
    QPushButton[kind="primary"]:disabled {{
        background: {tokens.raised}; color: {tokens.muted}; border: 1px solid {tokens.raised};
    }}
    QPushButton[kind="danger"] {{ color: {tokens.bad}; border: 1px solid {tokens.bad}; }}
    QPushButton[kind="danger"]:focus {{ border: 2px solid {tokens.bad}; }}
    QPushButton[kind="danger"]:disabled {{ color: {tokens.outline}; border-color: {tokens.line}; }}
    QPushButton[kind="ghost"] {{
        background: transparent; border: 1px solid transparent; padding: 6px 10px;
    }}
    QPushButton[kind="ghost"]:hover {{ background: {tokens.raised}; }}
    QPushButton[kind="ghost"]:focus {{ border: 2px solid {tokens.accent}; padding: 5px 9px; }}"""


def _icon_buttons(tokens: Tokens) -> str:
    return f"""
    QPushButton[kind="icon"] {{
        background: transparent; border: 1px solid transparent; padding: 6px;
    }}
    QPushButton[kind="icon"]:hover {{ background: {tokens.raised}; }}
    QPushButton[kind="icon"]:focus {{ border: 2px solid {tokens.accent}; padding: 5px; }}
    QPushButton[kind="round"] {{
        background: {tokens.accent_fill}; border: 1px solid {tokens.accent_fill};
        border-radius: 16px; padding: 6px;
    }}
    QPushButton[kind="round"]:hover {{ border: 1px solid {tokens.accent}; }}
    QPushButton[kind="round"]:focus {{ border: 2px solid {tokens.text}; padding: 5px; }}
    QPushButton[kind="round"]:disabled {{
        background: {tokens.raised}; border: 1px solid {tokens.raised};
    }}"""


def _navigation_buttons(tokens: Tokens) -> str:
    return f"""
    QPushButton[kind="nav"] {{
        background: transparent; border: 1px solid transparent; color: {tokens.muted};
        text-align: left; padding: 8px 12px; font-weight: 500;
    }}
    QPushButton[kind="nav"]:hover {{ background: {tokens.raised}; color: {tokens.text}; }}
    QPushButton[kind="nav"]:checked {{
        background: {tokens.raised}; color: {tokens.text}; font-weight: 600;
    }}
    QPushButton[kind="nav"]:focus {{ border: 2px solid {tokens.accent}; padding: 7px 11px; }}
    QPushButton[kind="status"] {{
        background: {tokens.surface}; border: 1px solid {tokens.line}; border-radius: 10px;
        padding: 0; text-align: left; min-height: 52px;
    }}
    QPushButton[kind="status"]:hover {{ background: {tokens.raised}; }}
    QPushButton[kind="status"]:focus {{ border: 2px solid {tokens.accent}; }}
    QPushButton[kind="tab"] {{
        background: transparent; border: 1px solid transparent; color: {tokens.muted};
        padding: 4px 11px;
    }}
    QPushButton[kind="tab"]:hover {{ color: {tokens.text}; }}
    QPushButton[kind="tab"]:checked {{
        background: {tokens.raised}; color: {tokens.text};
    }}
    QPushButton[kind="tab"]:focus {{ border: 2px solid {tokens.accent}; padding: 3px 10px; }}"""


def _buttons_amid_text(tokens: Tokens, points: float) -> str:
    return f"""
    QPushButton[kind="chip"] {{
        background: {tokens.surface}; border: 1px solid {tokens.line}; border-radius: 10px;
        color: {tokens.text}; padding: 10px 14px; text-align: left; font-weight: 400;
    }}
    QPushButton[kind="chip"]:hover {{ border: 1px solid {tokens.accent}; }}
    QPushButton[kind="chip"]:focus {{ border: 2px solid {tokens.accent}; padding: 9px 13px; }}
    QPushButton[kind="fold"] {{
        background: transparent; border: 1px solid transparent; color: {tokens.muted};
        padding: 3px 4px; text-align: left; font-size: {points * 0.95:.2f}pt;
    }}
    QPushButton[kind="fold"]:hover {{ color: {tokens.text}; }}
    QPushButton[kind="fold"]:focus {{ border: 2px solid {tokens.accent}; padding: 2px 3px; }}
    QPushButton[kind="link"] {{
        background: transparent; border: 1px solid transparent; color: {tokens.accent};
        padding: 0 4px; font-weight: 600;
    }}
    QPushButton[kind="link"]:hover {{ border: 1px solid {tokens.accent}; border-radius: 6px; }}
    QPushButton[kind="link"]:focus {{ border: 2px solid {tokens.accent}; padding: 0 3px; }}
    QPushButton[kind="link"]:disabled {{ color: {tokens.outline}; }}"""


def _fields(tokens: Tokens, points: float) -> str:  # noqa: ARG001 - same shape as its siblings
    return f"""
    QLineEdit, QSpinBox, QDoubleSpinBox, QPlainTextEdit[kind="field"] {{
        background: {tokens.surface}; color: {tokens.text};
        border: 1px solid {tokens.outline}; border-radius: 8px; padding: 6px 10px;
        min-height: 18px;
        selection-background-color: {tokens.accent_fill}; selection-color: {tokens.on_accent};
    }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QPlainTextEdit[kind="field"]:focus {{
        border: 2px solid {tokens.accent}; padding: 5px 9px;
    }}
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{
        color: {tokens.muted}; border: 1px solid {tokens.line}; background: transparent;
    }}
    QComboBox {{
        background: {tokens.control}; color: {tokens.text}; border: 1px solid {tokens.line};
        border-radius: 8px; padding: 6px 30px 6px 12px; min-height: 18px; font-weight: 500;
    }}
    QComboBox:hover {{ border: 1px solid {tokens.outline}; }}
    QComboBox:focus {{ border: 2px solid {tokens.accent}; padding: 5px 29px 5px 11px; }}
    QComboBox:disabled {{ color: {tokens.muted}; background: transparent; }}
    QComboBox[kind="quiet"] {{ background: transparent; border: 1px solid transparent; }}
    QComboBox[kind="quiet"]:hover {{ background: {tokens.raised}; }}
    QComboBox[kind="quiet"]:focus {{ border: 2px solid {tokens.accent}; }}
    QComboBox::drop-down {{ border: none; width: 0; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{
        background: {tokens.surface}; color: {tokens.text}; border: 1px solid {tokens.line};
        padding: 4px; outline: none;
        selection-background-color: {tokens.raised}; selection-color: {tokens.text};
    }}
    QComboBox QAbstractItemView::item {{ padding: 6px 10px; border-radius: 4px; }}
    QLineEdit[kind="value"] {{
        background: {tokens.window}; border: 1px solid {tokens.line};
    }}
    QLineEdit[kind="value"]:focus {{ border: 2px solid {tokens.accent}; }}
    QPlainTextEdit[kind="reading"], QTextEdit[kind="reading"] {{
        background: transparent; border: 2px solid transparent; border-radius: 6px; padding: 0;
        selection-background-color: {tokens.accent_fill}; selection-color: {tokens.on_accent};
    }}
    QPlainTextEdit[kind="reading"]:focus, QTextEdit[kind="reading"]:focus {{
        border: 2px solid {tokens.accent};
    }}
    QPlainTextEdit[kind="bare"] {{
        background: transparent; border: none; padding: 0;
        selection-background-color: {tokens.accent_fill}; selection-color: {tokens.on_accent};
    }}
    """


def _tables(tokens: Tokens, points: float) -> str:
    return f"""
    QTableView {{
        background: transparent; border: none; outline: none; gridline-color: {tokens.line};
        selection-background-color: {tokens.raised}; selection-color: {tokens.text};
    }}
    QHeaderView {{ background: transparent; border: none; }}
    QHeaderView::section {{
        background: transparent; color: {tokens.muted}; border: none;
        border-bottom: 1px solid {tokens.line}; padding: 8px 4px 8px 12px;
        font-size: {points * 0.9:.2f}pt; font-weight: 500;
    }}
    QHeaderView::section:hover {{ color: {tokens.text}; }}
    QTableView QTableCornerButton::section {{ background: transparent; border: none; }}
    """


def _bars(tokens: Tokens, points: float) -> str:  # noqa: ARG001 - same shape as its siblings
    return f"""
    QProgressBar {{
        background: {tokens.raised}; border: none; border-radius: 3px;
        min-height: 6px; max-height: 6px;
    }}
    QProgressBar::chunk {{ background: {tokens.accent_fill}; border-radius: 3px; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; border: none; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; border: none; }}
    QScrollBar::handle {{ background: {tokens.outline}; border-radius: 3px; margin: 1px; }}
    QScrollBar::handle:vertical {{ min-height: 32px; }}
    QScrollBar::handle:horizontal {{ min-width: 32px; }}
    QScrollBar::handle:disabled {{ background: transparent; }}
    QScrollBar::handle:hover {{ background: {tokens.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _menus(tokens: Tokens, points: float) -> str:
    return f"""
    QMenu {{
        background: {tokens.surface}; color: {tokens.text};
        border: 1px solid {tokens.line}; padding: 4px;
    }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {tokens.raised}; }}
    QMenu::item:disabled {{ color: {tokens.muted}; }}
    QMenu::separator {{ height: 1px; background: {tokens.line}; margin: 4px 8px; }}
    QToolTip {{
        background: {tokens.raised}; color: {tokens.text}; border: 1px solid {tokens.line};
        padding: 4px 8px; font-size: {points * 0.95:.2f}pt;
    }}
    """
