"""A help desk: callers ring, ask, wait for an answer, and hang up."""

import asyncio

import outlive


class Desk:
    def __init__(self):
        self.listeners = []


desk = Desk()


class Session:
    def __init__(self, caller):
        self.caller = caller
        self.waiting = []
        desk.listeners.append(self.notice)

    def notice(self, text):
        print(f"{self.caller} hears: {text}")

    async def ask(self, question):
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        return await answer

    def answer(self, text):
        self.waiting.pop(0).set_result(text)

    def close(self):
        self.waiting.clear()
        outlive.ends(self, "session closed", must=("garbage", "tasks"))
