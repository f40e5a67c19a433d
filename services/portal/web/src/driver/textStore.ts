import { defineText } from "../shared/text";

/** What the page says by itself about what it hears. */
export const storeText = defineText({
  en: {
    well: (cpId: string) => `${cpId} is well again.`,
    error: (cpId: string, message: string) => `Error at ${cpId}: ${message}`,
    reservationRanOut: (cpId: string) => `Your reservation at ${cpId} ran out.`,
    givenBack: (cpId: string) => `You gave ${cpId} back.`,
    endedWithoutTicket: (cpId: string) => `What you had at ${cpId} has ended. Nothing was billed.`,
    messagingBack: "Messaging is back.",
  },
  es: {
    well: (cpId: string) => `${cpId} vuelve a funcionar.`,
    error: (cpId: string, message: string) => `Error en ${cpId}: ${message}`,
    reservationRanOut: (cpId: string) => `Tu reserva en ${cpId} caducó.`,
    givenBack: (cpId: string) => `Has devuelto ${cpId}.`,
    endedWithoutTicket: (cpId: string) => `Lo que tenías en ${cpId} ha terminado. No se cobró nada.`,
    messagingBack: "La mensajería ha vuelto.",
  },
});
