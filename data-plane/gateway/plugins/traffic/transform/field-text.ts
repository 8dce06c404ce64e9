/** Values of fields are octets, one character for each; elsewhere texts are Unicode. */

/** As UTF-8, where it is. */
export function textOfField(value: string | undefined): string | undefined {
  if (value === undefined || !/[\u0080-\u00ff]/.test(value)) return value;
  const text = Buffer.from(value, "latin1").toString("utf8");
  return text.includes("\ufffd") ? value : text;
}

/** A text as the value of a field: in UTF-8, and without what would end the field and begin another one. */
export function fieldOfText(text: string): string {
  const line = text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, "").trim();
  return /[^\u0000-\u007f]/.test(line) ? Buffer.from(line, "utf8").toString("latin1") : line;
}
