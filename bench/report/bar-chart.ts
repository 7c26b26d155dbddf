import type { Entrant } from "../entrants.ts";

/** One group of bars: a metric. */
export interface ChartPanel {
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly name: string;
  readonly role: Entrant["role"];
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
}

const WIDTH = 760;
const NAME_WIDTH = 270;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 26;
const PANEL_HEAD = 40;

/** Readable on white and on black, whatever the page around it says. */
const STYLE = [
  "text{font:13px system-ui,sans-serif;fill:#24292f}",
  ".label{font-weight:600}",
  ".limit{fill:#9aa4af}.peer{fill:#d4803a}.ssewire{fill:#2f81f7}",
  "text.ours{font-weight:600}",
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.limit{fill:#6e7781}}",
].join("");

/** Horizontal bars as an SVG document; less is better. */
export function barChart(title: string, panels: readonly ChartPanel[]): string {
  const lines: string[] = [];
  let y = 0;
  for (const { label, bars } of panels) {
    lines.push(`<text class="label" x="0" y="${y + 24}">${escapeXml(label)}</text>`);
    y += PANEL_HEAD;
    const max = Math.max(...bars.map(({ value }) => value));
    for (const bar of bars) {
      const length = max > 0 ? Math.max(1, ((WIDTH - NAME_WIDTH - VALUE_WIDTH) * Math.max(0, bar.value)) / max) : 1;
      const baseline = y + BAR_HEIGHT - 5;
      const weight = bar.role === "ssewire" ? ' class="ours"' : "";
      lines.push(
        `<text${weight} x="${NAME_WIDTH - 8}" y="${baseline}" text-anchor="end">${escapeXml(bar.name)}</text>`,
        `<rect class="${bar.role}" x="${NAME_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
        `<text${weight} x="${(NAME_WIDTH + length + 6).toFixed(1)}" y="${baseline}">${escapeXml(bar.text)}</text>`,
      );
      y += ROW_HEIGHT;
    }
    y += 8;
  }
  const name = escapeXml(title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${name}">`,
    `<title>${name}</title>`,
    `<style>${STYLE}</style>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
