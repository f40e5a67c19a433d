import { language } from "../shared/text";

const formats = { en: new Intl.NumberFormat("en-GB"), es: new Intl.NumberFormat("es-ES") };

/** A whole number in the language of the page. */
export const formatCount = (count: number): string => formats[language()].format(count);
