"""How often is the verdict right? Leaking and clean functions of our own, judged by Outlive and by its peers."""
