/** The few forms of Markdown that the reference page is made of. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export const code = (text: string): string => `\`${text}\``;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

export const section = (level: 1 | 2 | 3, title: string, ...paragraphs: readonly string[]): string =>
  [`${"#".repeat(level)} ${title}`, ...paragraphs].join("\n\n");
