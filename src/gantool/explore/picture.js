"use strict";
/* What makes a picture, as text and back: the grammar of gantool/sampling/points.py. */
const Picture = (() => {
  /* Six digits, and letters quoted, as Python's format "g" and urllib.parse.quote have them. */
  const short = (number) => {
    const value = +number.toPrecision(6);
    return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential().replace(/e-(\d)$/, "e-0$1") : String(value);
  };
  const quoted = (text) => encodeURIComponent(text)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%3A/g, ":").replace(/%2C/g, ",");

  const text = (picture) => {
    const parts = [`seed=${picture.spot}`];
    if (picture.to) parts.push(`to=${picture.to}`, `at=${short(picture.at)}`);
    if (picture.truncation !== 1) parts.push(`truncation=${short(picture.truncation)}`);
    if (picture.label) parts.push(`label=${quoted(picture.label)}`);
    if (picture.styles) parts.push(`styles=${picture.styles.spot}:${picture.styles.first}-${picture.styles.last}`);
    const moves = Object.entries(picture.moves).filter(([, by]) => by !== 0);
    if (moves.length) parts.push(`move=${moves.map(([number, by]) => `${number}:${short(by)}`).join(",")}`);
    return parts.join("&");
  };

  const number = (value, usual) => (value === null || value === "" || !isFinite(value) ? usual : +value);
  const spot = (value) => (/^\d{1,10}(~\d{1,10}:[\d.]{1,6})*$/.test(value || "") ? value : "");

  const parse = (query) => {
    const fields = new URLSearchParams(query);
    const styles = /^([\d~:.]+):(\d+)-(\d+)$/.exec(fields.get("styles") || "");
    const moves = (fields.get("move") || "").split(",").map((one) => one.split(":")).filter((one) => one.length === 2);
    return {
      spot: spot(fields.get("seed")) || "0",
      to: spot(fields.get("to")),
      at: number(fields.get("at"), 0),
      truncation: number(fields.get("truncation"), 1),
      label: fields.get("label") || "",
      styles: styles && spot(styles[1]) ? { spot: styles[1], first: +styles[2], last: +styles[3] } : null,
      moves: Object.fromEntries(moves.map(([key, by]) => [key, number(by, 0)])),
    };
  };

  const ofSpot = (value) => {
    const [seed, ...turns] = value.split("~");
    return turns.length ? `seed ${seed} and ${turns.length} ${turns.length > 1 ? "turns" : "turn"}` : `seed ${seed}`;
  };
  const words = (picture) => {
    const parts = [ofSpot(picture.spot)];
    if (picture.to) parts.push(`${Math.round(picture.at * 100)} % of the way to ${ofSpot(picture.to)}`);
    if (picture.label) parts.push(picture.label);
    if (picture.truncation !== 1) parts.push(`truncation ${short(picture.truncation)}`);
    if (picture.styles) parts.push(`layers ${picture.styles.first} to ${picture.styles.last} of ${ofSpot(picture.styles.spot)}`);
    const moves = Object.entries(picture.moves).filter(([, by]) => by !== 0);
    if (moves.length) parts.push(moves.map(([key, by]) => `direction ${key} by ${short(by)}`).join(", "));
    const said = parts.join(", ");
    return said[0].toUpperCase() + said.slice(1);
  };

  return { text, parse, words, short, ofSpot };
})();
