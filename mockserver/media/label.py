"""What is written on a clip: which request made it, which result it is, and how far it has played."""

from PIL import Image, ImageDraw

from mockserver.media.lettering import Letters, legible
from mockserver.media.orders import Order
from mockserver.media.planes import Box, even
from mockserver.media.scenery import HORIZON, draws, palette_of

PAPER, TRACK, INK, PALE = (13, 17, 27), (62, 70, 86), (242, 245, 250), (168, 178, 196)
#: How much the panel covers what is behind it, of 255.
COVER = 184
#: Sizes in which the prompt is tried, in parts of the usual one; in the last of them it is cut if it does not fit.
PROMPT_SIZES = (1.0, 0.85, 0.7, 0.58)
_SMOOTHING = 4
_CELLS = 5


class Label:
    """A panel at the bottom of the picture, and the clock in it.

    Args:
        order: what it tells of.

    Attributes:
        box: where the panel is.
        clock_box: where the clock and the frame number are.
        bar_box: where the bar is that shows how far the clip has played.
        panel: the panel in RGB, without clock and bar.
        cover: how much each pixel of the panel counts.
        accent: colour of the bar, from the seed.
        written: everything that stands on the panel, line by line.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self.written: list[str] = []
        width, height = order.width_px, order.height_px
        unit = min(height, width) / 36
        self._unit = unit
        margin = even(unit * 1.2)
        self._pad = even(unit * 0.9)
        self.accent = palette_of(order.seed).horizon
        self._text, self._strong, self._big = (Letters(round(unit * size)) for size in (0.82, 1.05, 1.9))
        right = width - margin
        clock_width = even(self._big.width("00:00.00") + 2 * unit)
        self._column = (margin + self._pad, right - clock_width - self._pad)
        bottom = even(height - margin)
        head = self._head()
        icon = even(2.6 * self._strong.line_px)
        facts_px = self._big.line_px + (4 if order.is_optimized else 3) * self._text.line_px
        most_px = height * (1 - HORIZON) - 2 * margin - icon - 3 * self._pad
        letters, lines = self._prompt(self._column[1] - self._column[0], most_px)
        body_px = max(icon + self._pad // 2 + letters.line_px * len(lines), facts_px)
        top = even(bottom - body_px - 2.4 * self._pad)
        self.box: Box = (margin, top, even(right), bottom)
        bar, gap = max(2, even(unit / 5)), even(self._pad * 0.7)
        self.bar_box: Box = (margin + self._pad, bottom - gap - bar, even(right - self._pad), bottom - gap)
        self.clock_box: Box = (
            even(right - self._pad - clock_width),
            top + self._pad - self._pad % 2,
            even(right - self._pad),
            even(top + self._pad + self._big.line_px + self._text.line_px),
        )
        self.panel = Image.new("RGB", self._size, PAPER)
        self.cover = self._sheet()
        self._icon(icon)
        self._write(head, letters, lines, icon)
        self._facts()
        self._track()

    @property
    def _size(self) -> tuple[int, int]:
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def _head(self) -> tuple[str, str]:
        order = self._order
        return order.task_uuid, f"result {order.number} of {order.results}   seed {order.seed}"

    def _prompt(self, width_px: float, most_px: float) -> tuple[Letters, list[str]]:
        """Return the prompt in lines, in the largest size in which it fits."""
        text = legible(self._order.prompt) or "(no prompt)"
        for size in PROMPT_SIZES:
            letters = Letters(round(self._unit * size * 0.95))
            lines = letters.wrap(text, width_px)
            if len(lines) * letters.line_px <= most_px:
                return letters, lines
        most = max(1, int(most_px // letters.line_px))
        return letters, [*lines[: most - 1], letters.cut(" ".join(lines[most - 1 : most + 1]), width_px)]

    def _sheet(self) -> Image.Image:
        """Return the shape of the panel: round corners, see-through."""
        width, height = self._size
        sheet = Image.new("L", (width * _SMOOTHING, height * _SMOOTHING), 0)
        ImageDraw.Draw(sheet).rounded_rectangle(
            (0, 0, sheet.width - 1, sheet.height - 1), self._pad * 0.6 * _SMOOTHING, fill=COVER
        )
        return sheet.reduce(_SMOOTHING)

    def _icon(self, side: int) -> None:
        """Draw a pattern that is another one for every seed."""
        cell = side // _CELLS
        chance = draws(self._order.seed, "icon")
        for column in range((_CELLS + 1) // 2):
            for row in range(_CELLS):
                if next(chance) < 0.55:
                    for x in {column, _CELLS - 1 - column}:
                        place = (self._pad + x * cell, self._pad + row * cell)
                        self.panel.paste(self.accent, (*place, place[0] + cell, place[1] + cell))
                        self.cover.paste(255, (*place, place[0] + cell, place[1] + cell))

    def _write(self, head: tuple[str, str], letters: Letters, lines: list[str], icon: int) -> None:
        x, y = self._pad + icon + self._pad * 0.7, self._pad + self._strong.size_px * 0.95
        self._line(self._strong, (x, y), legible(self._order.model), self.accent)
        for text, colour in zip(head, (INK, PALE), strict=True):
            y += self._text.line_px
            self._line(self._text, (x, y), text, colour)
        y = self._pad + icon + self._pad // 2
        for number, line in enumerate(lines):
            self._line(letters, (self._pad, y + letters.line_px * number + letters.size_px), line, INK)

    def _facts(self) -> None:
        """Write what kind of file it is, below the clock."""
        order = self._order
        facts = [
            f"{order.width_px} × {order.height_px}, {order.duration_s:g} s",
            f"{order.output_format}, quality {order.quality}",
            *(["prompt optimizer on"] if order.is_optimized else []),
        ]
        right = self.clock_box[2] - self.box[0]
        y = self.clock_box[3] - self.box[1] + self._text.size_px
        for number, text in enumerate(facts):
            at = (right - self._text.width(text), y + number * self._text.line_px)
            self._line(self._text, at, text, PALE)

    def _track(self) -> None:
        """Draw what the bar runs in."""
        left, top, right, bottom = self.bar_box
        x, y = self.box[0], self.box[1]
        self.panel.paste(TRACK, (left - x, top - y, right - x, bottom - y))

    def _line(self, letters: Letters, at: tuple[float, float], text: str, colour: tuple[int, int, int]) -> None:
        self.written.append(text)
        letters.write(ImageDraw.Draw(self.panel), at, text, colour)
        letters.write(ImageDraw.Draw(self.cover), at, text, 255)

    def clock(self, frame: int) -> Image.Image:
        """Return time code and frame number as a mask for `clock_box`; 0 is the first frame."""
        order = self._order
        left, top, right, bottom = self.clock_box
        mask = Image.new("L", (right - left, bottom - top), 0)
        pen = ImageDraw.Draw(mask)
        hundredths = frame * 100 // order.fps
        time = f"{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
        number = f"frame {frame + 1} of {order.frames}"
        y = self._big.size_px * 0.85
        self._big.write(pen, (mask.width - self._big.width("00:00.00"), y), time, 255)
        self._text.write(pen, (mask.width - self._text.width(number), y + self._text.line_px * 1.1), number, 220)
        return mask
