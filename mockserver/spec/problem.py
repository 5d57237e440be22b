"""What is wrong with the data files, said to whoever runs us."""


class SchemaProblem(Exception):
    """A data file cannot be used.

    Attributes:
        place: the file and the place in it, as in "models/minimax-3@1.json#/properties/width".
        problem: what is wrong there.
        mend: what to do about it.
    """

    def __init__(self, place: str, problem: str, mend: str) -> None:
        super().__init__(place, problem, mend)
        self.place = place
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}; {self.mend}"
